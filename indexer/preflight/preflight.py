"""Preflight: all that can be found wrong before anything is begun, found within seconds."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from indexer.hashing import Hasher
from indexer.index.lifecycle import refuse_another_build
from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.records import Build
from indexer.job import IndexJob
from indexer.preflight.dimensions import dimensions_of
from indexer.preflight.probe import probe_writing
from indexer.stages.embed import check_gate
from indexer.stages.retried import NONE_RETRIED, RetriedKeys
from model_store.documents.document import longest_text
from model_store.footprint import base_folder
from model_store.picture_size import picture_size
from model_store.store import ModelVersion, Store
from posts.dump import Dump
from posts.errors import InputError
from posts.fragment import Fragment
from posts.ocr import ocr_version
from posts.picture_size import PictureSize


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """What was checked, ready for use."""

    dump: Dump
    fragments: list[Fragment]
    store: Store
    model: ModelVersion
    picture_size: PictureSize
    bundle: Path
    """The model's files on this machine."""
    index: Index
    live: Build | None
    """What the live version was built with; None if there is no index yet."""
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
    # Every file is hashed.
    bundle = store.fetch(str(model))
    _check_base(model)
    dimensions = dimensions_of(bundle, model.card)
    check_gate(job.picture_gate, str(model), vectors=bool(dimensions))
    chosen = {"min_score": job.min_score, "picture_gate": job.picture_gate}
    build = Build(
        model=str(model),
        model_digest=model.card.digest,
        settings=asdict(model.card.generation)
        | {name: value for name, value in chosen.items() if value is not None},
        run=run,
        dimensions=dimensions,
    )
    live = index.live()
    if live is not None and not job.rebuild:
        refuse_another_build(index.location, live, build)
    fragments = dump.fragments()
    retried = NONE_RETRIED if job.retry_dead is None else RetriedKeys.read(job.retry_dead)
    if job.dead_letters_folder is not None:
        probe_writing(job.dead_letters_folder, run, "dead letters", "--dead-letters")
    if job.report_folder is not None:
        probe_writing(job.report_folder, run, "the report", "--report")
    return Preflight(
        dump=dump,
        fragments=fragments,
        store=store,
        model=model,
        picture_size=picture_size(bundle),
        bundle=bundle,
        index=index,
        live=live,
        build=build,
        hasher=Hasher(
            model_digest=model.card.digest,
            ocr=ocr,
            picture_gate=job.picture_gate,
            min_score=job.min_score,
            longest_text=longest_text(model.card.generation.max_text_tokens),
        ),
        retried=retried,
    )


def _check_base(model: ModelVersion) -> None:
    """A folder that a model was trained on must be there; on a cluster it may lie on others."""
    name = model.card.base.name
    alone = not os.environ.get("RAY_ADDRESS") and Path(name).is_absolute()
    if alone and base_folder(model.card.base) is None:
        raise InputError(
            f"the base of {model} is not in {name}, where it was when that was trained; bring it "
            "back or take another model"
        )
