"""The pipeline: the stages of a run as a Ray Data stream.

    fragments -> read, ask (tasks) -> decode (tasks) -> generate (actors) -> driver

Reading and asking share a task, so that pictures of unchanged posts never leave it. Tables cross
from stage to stage packed (see `indexer.pipeline.packing`).

Ray does the task of a dead worker again, and takes its outputs for the first ones by position.
So which posts stand in which table must follow from the dump alone: the index, which every stage's
decisions come from, may have changed by then. No stage cuts, merges or sorts by a decision.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
import ray
from ray.data import ActorPoolStrategy, DataContext, Dataset

from indexer.cluster.reservation import READ_CPUS, Reservation
from indexer.pipeline.attempts import Attempts
from indexer.pipeline.packing import pack, pack_fragment, unpack
from indexer.progress.remote_progress import Reports
from indexer.stages.ask import Ask
from indexer.stages.columns import ASKED, Action
from indexer.stages.decode import Decode
from indexer.stages.generate import Generate, LoadModel
from indexer.stages.read import Read


def build_pipeline(
    fragments: int,
    read: Read,
    ask: Ask,
    decode: Decode,
    load: LoadModel,
    reservation: Reservation,
    progress: Reports,
    attempts: Attempts,
) -> Dataset:
    """A lazy stream of packed tables of `FINISHED` columns; a task per fragment reads them."""

    def ask_fragment(number: int) -> Iterator[pa.Table]:
        for posts in _timed("read", read(number), progress):
            yield from _timed("ask", ask(posts), progress)

    def read_and_ask(numbers: pa.Table) -> Iterator[pa.Table]:
        for number in numbers.column("fragment").to_pylist():
            yield from pack_fragment(number, ask_fragment(number), ASKED)

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
                fn_constructor_args=(load, progress, attempts),
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

    def __init__(self, load: LoadModel, progress: Reports, attempts: Attempts) -> None:
        self._generate = Generate(load, attempts)
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
    tables: Iterable[pa.Table],
    progress: Reports,
    worked: Callable[[pa.Table], int] = len,
) -> Iterator[pa.Table]:
    """The tables, each told with the time it took to come and how many of its posts were work."""
    source = iter(tables)
    while True:
        begun = time.perf_counter()
        table = next(source, None)
        if table is None:
            return
        progress.done(stage, len(table), time.perf_counter() - begun, worked(table))
        yield table


def _pictures(decoded: pa.Table) -> int:
    return len(decoded) - decoded.column("pixels").null_count


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
