"""Indexes a dump in this process, and writes down what that took.

    python -m bench.indexing.one_run DUMP INDEX STORE MODEL FOLDER [--waits SECONDS --actors N]

FOLDER gets `summary.json` and the calls of the models. With `--waits` the model waits so long over
each post instead of computing, and many of them share the machine.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ray
from PIL import Image

from bench.indexing.model_calls import TimedLoader
from indexer.cluster.ray_session import ray_session
from indexer.job import IndexJob
from indexer.pipeline.model_loader import ModelLoader
from indexer.run import index_dump
from indexer.stages.generate import AsksModel, LoadModel
from model_store.store import Store
from posts.phrases import Keyphrase

SUMMARY = "summary.json"
_CPUS = 4
"""That Ray believes in where models only wait."""
_MEMORY = 100 * 2**30
"""Likewise: a run keeps as much for each of them as the model takes that it stands for."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Loads a model that waits so many seconds over each post, and says the same of each."""

    seconds: float

    def __call__(self) -> AsksModel:
        return self._answer

    def _answer(
        self, texts: Sequence[str], _: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        time.sleep(self.seconds * len(texts))
        return [[Keyphrase("waited", 1.0)] for _ in texts]


def main() -> None:
    """Reads the arguments, runs, writes."""
    parser = argparse.ArgumentParser()
    for name in ("dump", "index", "store", "model"):
        parser.add_argument(name)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--waits", type=float)
    parser.add_argument("--actors", type=int, default=1)
    arguments = parser.parse_args()
    load: LoadModel
    if arguments.waits is None:
        load = ModelLoader(
            store=Store(arguments.store), model=arguments.model, threads=1, device="cpu"
        )
        cpus = 1.0
    else:
        load, cpus = Waiting(seconds=arguments.waits), 2 / arguments.actors
        ray.init(
            address="local",
            num_cpus=_CPUS,
            include_dashboard=False,
            log_to_driver=False,
            _memory=_MEMORY,
        )
    job = IndexJob(
        dump=arguments.dump,
        index=arguments.index,
        store=arguments.store,
        model=arguments.model,
        actors=arguments.actors,
        cpus_per_actor=min(1.0, cpus),
    )
    with ray_session():
        begun = time.monotonic()
        summary = index_dump(job, load=TimedLoader(load=load, folder=arguments.folder))
        took = time.monotonic() - begun
    told = json.loads(summary.to_json()) | {"seconds": took}
    (arguments.folder / SUMMARY).write_text(json.dumps(told))


if __name__ == "__main__":
    main()
