"""The ids of a dump, read by the cluster before the posts: which of them are duplicates."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from threading import Event

import ray

from indexer.cluster.reservation import READ_CPUS
from indexer.pipeline.drain import check_stop
from indexer.progress.remote_progress import RemoteProgress, Reports
from indexer.progress.tally import Tally
from indexer.progress.watch import OnProgress, Watch
from posts.dump import Dump
from posts.duplicates import IdHashes, hash_ids
from posts.fragment import Fragment

_TICK = 0.5
_REPORT_EVERY = 1_000


def hash_all_ids(
    dump: Dump,
    fragments: Sequence[Fragment],
    stall_after: float,
    stop: Event,
    on_progress: OnProgress | None = None,
) -> list[IdHashes]:
    """Hashes of the ids of each fragment; no picture and no text leaves a worker for this.

    Ids count as posts of the stage `read` to those who watch. Raises `JobError` if for
    `stall_after` seconds none come, or when `stop` is set.
    """
    progress = RemoteProgress()
    watch = Watch(progress.counts, Tally(), None, stall_after, on_progress)
    hash_fragment = ray.remote(num_cpus=READ_CPUS)(_hash_ids)
    shared = ray.put(dump)
    tasks = [hash_fragment.remote(shared, each, progress) for each in fragments]
    waiting = tasks
    try:
        while waiting:
            done, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=_TICK)
            # A task that failed ends the run now, and not when all others are done.
            ray.get(done)
            check_stop(stop)
            watch.look()
        hashes: list[IdHashes] = ray.get(tasks)
        return hashes
    finally:
        for task in waiting:
            ray.cancel(task, force=True)
        progress.close()


def _hash_ids(dump: Dump, fragment: Fragment, progress: Reports) -> IdHashes:
    return hash_ids(_reported(dump.ids(fragment), progress))


def _reported(pairs: Iterator[tuple[str, str]], progress: Reports) -> Iterator[tuple[str, str]]:
    """The pairs, told as they come: a fragment may be a tar that takes long."""
    count, begun = 0, time.perf_counter()
    for pair in pairs:
        yield pair
        count += 1
        if count == _REPORT_EVERY:
            progress.done("read", count, time.perf_counter() - begun)
            count, begun = 0, time.perf_counter()
    progress.done("read", count, time.perf_counter() - begun)
