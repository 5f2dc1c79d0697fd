"""The model that ships on real pictures: how good it is, beside baselines, and what it takes.

    python -m bench.pocket standard=BUNDLE aimkp=BUNDLE    # bench/results/pocket.json

Asks about the openclipart validation posts in ../shared/data/openclipart, and says so where they
are not. Models of other training are shown beside the one that ships, by their names, where their
bundles are named. To be run on a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.bundles import add_bundles
from bench.result import write_result
from bench.tagging.measures import POSTS, THREADS, measure_tagging, megabytes
from model_store.base import Base, load_base
from model_store.base_names import POCKET
from model_store.keyphraser import Keyphraser
from model_store.pocket.conversion import pocket_folder
from model_store.shipped import SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import Store
from posts.errors import InputError
from posts.pictures import decode_picture
from trainer.baselines import (
    feature_likeness,
    most_alike,
    most_frequent,
    nearest_neighbour,
    neighbours_vote,
    text_likeness,
)
from trainer.evaluation import evaluate
from trainer.metrics import Case, score
from trainer.report.bootstrap import intervals, resample
from trainer.training_set import Example, TrainingSet

DATA = Path(__file__).parents[1] / "../shared/data/openclipart"
METHOD = (
    "Scores are fractions over the 231 openclipart validation posts, under both definitions, with "
    "95% bootstrap intervals over posts. Nearest neighbours are looked up among the 1,561 training "
    "posts: texts by TF-IDF, pictures by the cosine of the features of the pocket base's tower, "
    "their mean over the picture; both by the sum. One gives its gold; ten vote, each with its "
    "likeness. Models of other training are asked as their bundles say, with exact weights unless "
    "they say int8. image_only and text_only are F1@3 (cmkp) of the model that ships when it is "
    "shown one part alone. Memory is the peak resident size of a fresh process that loads that "
    f"model as the indexer does and tags {POSTS} posts on {THREADS} threads; posts per second are "
    "of another one, start-up excluded."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", default=SHIPPED_STORE)
    parser.add_argument("--model", default=SHIPPED_MODEL)
    add_bundles(parser, "models to be shown beside it")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        parser.exit(2, f"{DATA} is not there, and without its posts there is nothing to measure\n")
    try:
        measured = measure(arguments.store, arguments.model, dict(arguments.bundles))
    except InputError as error:
        parser.exit(2, f"{error}\n")
    print(write_result("pocket", METHOD, measured))


def measure(store: str, model: str, beside: Mapping[str, Path]) -> dict[str, Any]:
    """All that the result file has."""
    bundle = Store(store).fetch(model)
    with tempfile.TemporaryDirectory() as scratch:
        train, valid = (
            TrainingSet.build(str(DATA / f"{split}.parquet"), Path(scratch))
            for split in ("train", "valid")
        )
        # First, while this process is small and idle, the machine is theirs.
        taken = measure_tagging(store, model, _examples(valid)[:POSTS])
        base = load_base(POCKET)
        models = {
            name: scores(cases)
            for name, cases in baselines(base, _examples(train), _examples(valid))
        }
        shipped = Keyphraser.load(bundle, device="cpu")
        untrained = Keyphraser(base.model, base.processor, base.family, shipped.card.generation)
        models["untrained"] = scores(evaluate(untrained, valid).cases)
        for name, folder in beside.items():
            models[name] = scores(evaluate(Keyphraser.load(folder, device="cpu"), valid).cases)
        models["pocket"] = scores(evaluate(shipped, valid).cases)
        return {
            "models": models,
            **alone(shipped, valid),
            **taken,
            "disk_mb": megabytes(pocket_folder(), bundle),
            "digest": shipped.card.digest,
        }


def baselines(
    base: Base, train: Sequence[Example], valid: Sequence[Example]
) -> Iterator[tuple[str, list[Case]]]:
    """Names, and what each of them predicts; `base` has the tower that looks at the pictures."""
    yield "most frequent", most_frequent(train, valid)
    yield "nearest neighbour, text", nearest_neighbour(train, valid)
    pictures = feature_likeness(features(base, train), features(base, valid))
    yield "nearest neighbour, picture", most_alike(train, valid, pictures)
    texts = text_likeness(train, valid)
    yield "nearest neighbour, both", most_alike(train, valid, pictures, texts)
    yield "10 nearest neighbours, picture", neighbours_vote(train, valid, pictures)
    yield "10 nearest neighbours, both", neighbours_vote(train, valid, pictures, texts)


@torch.inference_mode()
def features(base: Base, examples: Sequence[Example]) -> NDArray[np.float32]:
    """What the tower says of each post's picture, averaged over it; zeros without a picture."""
    found: list[torch.Tensor | None] = [
        None
        if example.image is None
        else base.family.encode_picture(
            base.model, base.processor, decode_picture(example.image)
        ).states.mean(0)
        for example in examples
    ]
    width = next((len(one) for one in found if one is not None), 1)
    return np.stack([np.zeros(width) if one is None else one.numpy() for one in found])


def scores(cases: Sequence[Case]) -> dict[str, Any]:
    """Under both definitions, each score with its interval beside it."""
    single, spread = score(cases), intervals(resample(cases))
    return {
        "cmkp": _beside(single["cmkp"]["all"], spread["cmkp"]["all"]),
        "aimkp": _beside(single["aimkp"], spread["aimkp"]),
    }


def alone(keyphraser: Keyphraser, posts: TrainingSet) -> dict[str, Any]:
    """F1@3 (cmkp) of a model that is shown one part of the posts, with its intervals."""
    found: dict[str, Any] = {}
    for name, scenario in (("image_only", "image-only"), ("text_only", "text-only")):
        of_cmkp = scores(evaluate(keyphraser, posts, scenario).cases)["cmkp"]
        found |= {name: of_cmkp["f1@3"], f"{name}_interval": of_cmkp["f1@3_interval"]}
    return found


def _beside(single: dict[str, float], spread: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in single.items():
        found |= {name: float(value), f"{name}_interval": list(spread[name])}
    return found


def _examples(posts: TrainingSet) -> list[Example]:
    return [posts[row] for row in range(len(posts))]


if __name__ == "__main__":
    main()
