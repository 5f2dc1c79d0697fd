"""The pipeline: the stages of a run as a Ray Data stream.

    fragments -> read, ask, sieve (tasks) -> decode (tasks) -> generate (actors) -> driver

The first three share a task, so that pictures of unchanged posts never leave it. Tables cross from
stage to stage packed (see `indexer.pipeline.packing`).

Ray does the task of a dead worker again, and takes its outputs for the first ones by position.
So which posts stand in which table must be the same then, though the index, which every stage's
decisions come from, may have changed. The sieve sorts by the first decision, which is noted (see
`indexer.pipeline.verdicts`); no other stage cuts, merges or sorts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import ray
from ray.data import ActorPoolStrategy, DataContext, Dataset

from indexer.cluster.reservation import READ_CPUS, Reservation
from indexer.pipeline.attempts import Attempts
from indexer.pipeline.packing import pack, unpack
from indexer.progress.remote_progress import Reports
from indexer.stages.ask import Ask
from indexer.stages.columns import Action
from indexer.stages.decode import Decode
from indexer.stages.generate import Generate, LoadModel
from indexer.stages.read import Read
from indexer.stages.sieve import Batch, Sieve

T = TypeVar("T", bound=Sized)
"""A table, or a list of posts."""


def build_pipeline(
    fragments: int,
    read: Read,
    ask: Ask,
    sieve: Sieve,
    decode: Decode,
    load: LoadModel,
    reservation: Reservation,
    progress: Reports,
    attempts: Attempts,
    *,
    picture_gate: float | None = None,
) -> Dataset:
    """A lazy stream of packed tables of `FINISHED` columns; a task per fragment reads them."""

    def batches(number: int) -> Iterator[Batch]:
        for posts in _timed("read", read(number), progress):
            for asked in _timed("ask", map(ask, [posts]), progress):
                yield posts, asked

    def read_and_ask(numbers: pa.Table) -> Iterator[pa.Table]:
        for number in numbers.column("fragment").to_pylist():
            for part, table in sieve(number, batches(number)):
                yield pack(table, part)

    def decode_packed(packed: pa.Table) -> Iterator[pa.Table]:
        for part, table in unpack(packed):
            for decoded in _timed("decode", map(decode, [table]), progress, _pictures):
                yield pack(decoded, part)

    with DataContext.current(_context()):
        numbers = [pa.table({"fragment": [number]}) for number in range(fragments)]
        return (
            ray.data.from_arrow(numbers)
            .map_batches(read_and_ask, batch_size=None, batch_format="pyarrow", num_cpus=READ_CPUS)
            .map_batches(
                decode_packed,
                batch_size=None,
                batch_format="pyarrow",
                num_cpus=reservation.decode_cpus,
            )
            .map_batches(
                _GenerateActor,
                fn_constructor_args=(load, progress, attempts, picture_gate),
                batch_size=1,
                batch_format="pyarrow",
                compute=_pool(reservation),
                num_cpus=reservation.cpus,
                num_gpus=reservation.gpus or None,
                memory=reservation.memory,
            )
        )


class _GenerateActor:
    """The generate stage as Ray Data calls it."""

    def __init__(
        self,
        load: LoadModel,
        progress: Reports,
        attempts: Attempts,
        picture_gate: float | None,
    ) -> None:
        self._generate = Generate(load, attempts, picture_gate=picture_gate)
        self._progress = progress

    def __call__(self, packed: pa.Table) -> Iterator[pa.Table]:
        for part, table in unpack(packed):
            finishing = map(self._generate, [table], [part])
            for finished in _timed("generate", finishing, self._progress, _generated):
                yield pack(finished, part)


def _pool(reservation: Reservation) -> ActorPoolStrategy:
    """Of as many actors as are reserved. An elastic one grows while they have more posts before
    them than they can take and the cluster has room, and shrinks when they wait for posts."""
    if not reservation.elastic:
        return ActorPoolStrategy(size=reservation.actors)
    return ActorPoolStrategy(min_size=1, initial_size=reservation.actors)


def _timed(
    stage: str,
    batches: Iterable[T],
    progress: Reports,
    worked: Callable[[T], int] = len,
) -> Iterator[T]:
    """The batches, each told with the time it took to come and how many of its posts were work."""
    source = iter(batches)
    while True:
        begun = time.perf_counter()
        batch = next(source, None)
        if batch is None:
            return
        progress.done(stage, len(batch), time.perf_counter() - begun, worked(batch))
        yield batch


def _pictures(decoded: pa.Table) -> int:
    shown = pc.or_(*(decoded.column(name).is_valid() for name in ("pixels", "pictures")))
    return pc.sum(shown).as_py() or 0


def _generated(finished: pa.Table) -> int:
    return finished.column("action").to_pylist().count(Action.GENERATE)


def _context() -> DataContext:
    """Settings of Ray Data for the pipeline alone."""
    context = DataContext.get_current().copy()
    # A block per packed table, handed on as soon as it is there.
    context.target_max_block_size = 1
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.enable_auto_log_stats = False
    return context
