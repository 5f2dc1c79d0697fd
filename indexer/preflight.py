"""Preflight: all that can be found wrong before anything is begun, found within seconds."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass

from indexer.hashing import Hasher
from indexer.index.lifecycle import refuse_another_model
from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.records import Build
from indexer.job import IndexJob
from indexer.picture_size import picture_side
from indexer.retried import NONE_RETRIED, RetriedKeys
from model_store.store import ModelVersion, Store
from posts.dump import Dump
from posts.errors import InputError, KeyphraseError
from posts.files import open_files
from posts.fragment import Fragment
from posts.ocr import ocr_version


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """What was checked, ready for use."""

    dump: Dump
    fragments: list[Fragment]
    model: ModelVersion
    picture_side: int
    index: Index
    build: Build
    hasher: Hasher
    retried: RetriedKeys


def preflight(job: IndexJob, run: str) -> Preflight:
    """Checks dump, model, index and dead letters; raises `InputError`, and leaves no traces."""
    try:
        return _preflight(job, run)
    except (TimeoutError, OSError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(f"the run cannot start: {why or type(error).__name__}") from error


def _preflight(job: IndexJob, run: str) -> Preflight:
    ocr = ocr_version() if job.ocr else None
    index = open_index(job.index)
    store = Store(job.store)
    dump = Dump.open(job.dump)
    index.check()
    model = store.resolve(job.model)
    bundle = store.fetch(str(model))
    build = Build(
        model=str(model),
        model_digest=model.card.digest,
        settings=asdict(model.card.generation),
        run=run,
    )
    live = index.live()
    if live is not None and not job.rebuild:
        refuse_another_model(index.location, live, build)
    fragments = dump.fragments()
    retried = NONE_RETRIED if job.retry_dead is None else RetriedKeys.read(job.retry_dead)
    # Last, since it may make the folder.
    if job.dead_letters_folder is not None:
        _probe_writing(job.dead_letters_folder, run)
    return Preflight(
        dump=dump,
        fragments=fragments,
        model=model,
        picture_side=picture_side(bundle),
        index=index,
        build=build,
        hasher=Hasher(model_digest=model.card.digest, ocr=ocr),
        retried=retried,
    )


def _probe_writing(folder: str, run: str) -> None:
    """The dead letters are written at the end of the night: too late to learn that they cannot."""
    probe = f".probe-{run}"
    try:
        files = open_files(folder)
        files.write(probe, b"")
        # Who may write but not delete can still have letters written.
        with contextlib.suppress(KeyphraseError, OSError):
            files.delete(probe)
    except (KeyphraseError, OSError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(
            f"dead letters cannot be written to {folder}: {why}; choose another --dead-letters"
        ) from error
