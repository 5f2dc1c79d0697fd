"""What the words in pictures are worth to a model, and what it costs to read them.

    python -m bench.ocr                                   # of the model that ships
    python -m bench.ocr --store STORE --model NAME --posts 8    # of another, on some posts
    python -m bench.ocr --words-only                      # no model; writes nothing

Needs the openclipart posts in ../shared/data/openclipart, and says so where they are not.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from PIL import Image, ImageOps

from bench.result import write_result
from model_store.keyphraser import Keyphraser
from model_store.shipped import SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import Store
from posts.errors import InputError
from posts.ocr import LARGEST_SIDE, ocr_version, read_words
from posts.pictures import decode_picture
from trainer.evaluation import Evaluation, evaluate
from trainer.report.bootstrap import interval, resample
from trainer.training_set import TrainingSet

DATA = Path(__file__).parents[1] / "../shared/data/openclipart/valid.parquet"
SCENARIOS = ("clean", "image-only")
SCORES = ("f1@1", "f1@3", "map@5")
ENLARGED = 50
"""Pictures that are read enlarged too: photographs are larger than clip art."""
_METHOD = (
    "Validation posts of openclipart. Words: each picture is read once, on one core, after one "
    "that is not counted; seconds are the processor's, without decoding. Enlarged: some "
    f"{ENLARGED} of them, evenly spread, at the largest size that is read. Scores: cmkp "
    "definition, all keyphrases, the same posts without and with the words behind their text "
    "(image-only: the words alone). Intervals: 95%, bootstrap over posts, of the difference over "
    "the same resamples."
)


def main() -> None:
    """Measures, prints, and with a model writes bench/results/ocr.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", default=SHIPPED_STORE)
    parser.add_argument("--model", default=SHIPPED_MODEL)
    parser.add_argument("--posts", type=int, help="only so many, from the start")
    parser.add_argument("--words-only", action="store_true", help="no model; writes nothing")
    arguments = parser.parse_args()
    if not DATA.is_file():
        parser.exit(2, f"{DATA} is not there, and without its posts there is nothing to measure\n")
    try:
        measure(arguments)
    except InputError as error:
        parser.exit(2, f"{error}\n")


def measure(arguments: argparse.Namespace) -> None:
    """Words, and unless told otherwise scores; raises InputError if something is not there."""
    reader, bundle = ocr_version(), None
    if not arguments.words_only:
        store = Store(arguments.store)
        model = store.resolve(arguments.model)
        bundle = store.fetch(str(model))
    with tempfile.TemporaryDirectory(prefix="keyphrases-") as scratch:
        examples = TrainingSet.build(str(DATA), Path(scratch), arguments.posts)
        posts, words = len(examples), read_all(examples)
        print({name: one for name, one in words.items() if name != "found"})
        if bundle is None:
            for post in words["found"]:
                print(post)
            return
        keyphraser = Keyphraser.load(bundle)
        scores = {name: compare(keyphraser, examples, name) for name in SCENARIOS}
    content = {
        "reader": reader,
        "model": str(model),
        "digest": model.card.digest,
        "posts": posts,
        "words": words,
        "scores": scores,
    }
    print(write_result("ocr", _METHOD, content))


def read_all(examples: TrainingSet) -> dict[str, Any]:
    """How many pictures have words, which, and how long it takes to find out."""
    posts = [examples[row] for row in range(len(examples))]
    pictures = [(post, decode_picture(post.image)) for post in posts if post.image is not None]
    if not pictures:
        raise InputError(f"no post of {DATA} has a picture")
    # The reader is loaded for the first picture.
    read_words(pictures[0][1])
    seconds, found = [], []
    for post, picture in pictures:
        words, taken = timed(picture)
        seconds.append(taken)
        if words:
            found.append({"id": post.id, "text": post.text, "words": words})
    some = pictures[:: -(-len(pictures) // ENLARGED)]
    enlarged = [ImageOps.contain(picture, (LARGEST_SIDE, LARGEST_SIDE)) for _, picture in some]
    return {
        "pictures": len(pictures),
        "with_words": len(found),
        "share_with_words": len(found) / len(pictures),
        "seconds_a_picture": spread(seconds),
        "seconds_a_picture_enlarged": spread([timed(picture)[1] for picture in enlarged]),
        "found": found,
    }


def timed(picture: Image.Image) -> tuple[str | None, float]:
    """Its words, and the processor's seconds."""
    begun = time.process_time()
    words = read_words(picture)
    return words, time.process_time() - begun


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Mean, median and the value that one in twenty exceeds."""
    high = sorted(seconds)[int(0.95 * (len(seconds) - 1))]
    return {"mean": fmean(seconds), "median": median(seconds), "p95": high}


def compare(keyphraser: Keyphraser, examples: TrainingSet, scenario: str) -> dict[str, Any]:
    """Scores without words, with them, and what they add."""
    without, with_words = (
        evaluate(keyphraser, examples, scenario, ocr=ocr) for ocr in (False, True)
    )
    replicates = [_replicates(one) for one in (without, with_words)]
    content: dict[str, Any] = {}
    for name in SCORES:
        before, after = (one.scores["cmkp"]["all"][name] for one in (without, with_words))
        drawn_before, drawn_after = (one[name] for one in replicates)
        content[name] = {
            "without": {"value": before, "interval": interval(drawn_before)},
            "with": {"value": after, "interval": interval(drawn_after)},
            "difference": {
                "value": after - before,
                "interval": interval(drawn_after - drawn_before),
            },
        }
    content["posts_answered_otherwise"] = _changed(without, with_words)
    print(scenario, content)
    return content


def _replicates(evaluation: Evaluation) -> Mapping[str, Any]:
    replicates: Mapping[str, Any] = resample(evaluation.cases)["cmkp"]["all"]
    return replicates


def _changed(one: Evaluation, other: Evaluation) -> int:
    predicted: list[Sequence[Sequence[str]]] = [
        [case.predicted for case in evaluation.cases] for evaluation in (one, other)
    ]
    return sum(before != after for before, after in zip(*predicted, strict=True))


if __name__ == "__main__":
    main()
