"""The stream: results of the pipeline, fetched by a thread, so that the driver never waits long."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import Any

import pyarrow as pa
from ray.data import Dataset

from indexer.pipeline.packing import Part, unpack

_WAITING = 16
"""Tables fetched ahead; more stay with Ray, which slows the stages down if the driver is slow."""
_LONGEST_STOP = 5.0

Arrival = tuple[Part, pa.Table]
"""A table of `FINISHED` columns, and which part of the dump it is."""


class Stream:
    """Begins to run the pipeline as soon as it is made."""

    def __init__(self, dataset: Dataset) -> None:
        self._results: queue.Queue[Arrival | BaseException | None] = queue.Queue(_WAITING)
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._fetch, args=(dataset,), name="results", daemon=True
        )
        self._thread.start()
        self.ended = False

    def next(self, timeout: float) -> Arrival | None:
        """The next table; None if none came in time or, with `ended`, none will come.

        Raises what made the pipeline fail.
        """
        try:
            result = self._results.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(result, BaseException):
            raise result
        self.ended = result is None
        return result

    def stop(self) -> None:
        """Gives the rest of the pipeline up; does not wait for a stage that hangs."""
        self._stopped.set()
        deadline = time.monotonic() + _LONGEST_STOP
        while self._thread.is_alive() and time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                self._results.get(timeout=0.05)

    def _fetch(self, dataset: Dataset) -> None:
        batches: Any = iter(dataset.iter_batches(batch_size=None, batch_format="pyarrow"))
        try:
            for packed in batches:
                for arrival in unpack(packed):
                    self._results.put(arrival)
                if self._stopped.is_set():
                    return
            self._results.put(None)
        except BaseException as error:  # noqa: BLE001 - raised again in the driver's own thread
            self._results.put(error)
