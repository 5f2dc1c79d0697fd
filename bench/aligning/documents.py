"""Pseudo captions in documents put together from captioned pictures: how many are found, whether
keyphrases gain, and what a document costs.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from PIL import Image

from bench.aligning.pairs import OPENCLIPART
from bench.seeds import interval
from model_store.asked_post import AskedPost
from model_store.documents.captions import Caption, CaptionFinder, Task
from model_store.documents.document import Document
from model_store.documents.reader import DocumentReader, FindCaptions
from model_store.keyphraser import Keyphraser
from posts.dump import Dump
from posts.phrases import Keyphrase, stem_key
from posts.pictures import decode_picture
from posts.post import Post
from posts.shown_picture import ShownPicture

DATA = OPENCLIPART / "valid.parquet"
SEEDS = (1, 2, 3)
PICTURES = DISTRACTORS = 4
"""Of a document; distractors are captions of other pictures."""
TIMED = 8
"""Documents."""
METHOD = (
    "documents: validation posts of openclipart, by four: a document is their pictures and, "
    "shuffled, their texts and those of four other posts, each text ended by a full stop. Each "
    "seed puts all posts together anew. caption_recovery: of all pictures the share whose pseudo "
    "caption is a sentence of their own text. image_precision: the same of the pictures that have "
    "a pseudo caption. chance: the recovery of sentences dealt at random. f1: of the ten best "
    "keyphrases against the gold ones of the four posts together, by stems; first_picture: the "
    "first picture and the text as one post; without: each picture beside the text; with: and "
    "beside its pseudo caption; true_captions: beside its own text. prompts and seconds are a "
    "document's, seconds of eight documents at once on the machine below. Means over documents, "
    "then over seeds, with Student's t intervals. The constants by which captions are chosen "
    "(model_store/documents/matching.py) were set on such documents of the same posts."
)


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """A document, and what is true of it."""

    document: Document
    captions: Sequence[str]
    """Of each picture."""
    keyphrases: frozenset[str]
    """Gold ones of all its pictures, as stems."""


class Remembering:
    """A model that counts what it is asked, and remembers it: the same pictures and texts come in
    every seed."""

    def __init__(self, keyphraser: Keyphraser) -> None:
        self._keyphraser = keyphraser
        self._known: dict[AskedPost, list[Keyphrase]] = {}
        self.room = keyphraser.room
        self.has_alignment = keyphraser.has_alignment
        self.alignments = keyphraser.alignments
        self.prompts = 0

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        self.prompts += len(texts)
        asked = [AskedPost(text, picture) for text, picture in zip(texts, pictures, strict=True)]
        new = list(dict.fromkeys(post for post in asked if post not in self._known))
        answers = self._keyphraser([post.text for post in new], [post.picture for post in new])
        self._known |= dict(zip(new, answers, strict=True))
        return [self._known[post] for post in asked]


def measure_documents(keyphraser: Keyphraser) -> dict[str, Any]:
    """Everything under the key `documents`."""
    posts = [(post, _shown(post)) for post in Dump.open(DATA).posts() if post.image is not None]
    remembering = Remembering(keyphraser)
    assembled = [assemble(posts, seed) for seed in SEEDS]
    # First, while the model has seen none of the pictures.
    found: dict[str, Any] = dict(measure_cost(keyphraser, assembled[0][:TIMED]))
    seeds = [measure_seed(remembering, documents) for documents in assembled]
    for name in seeds[0]:
        over_seeds = interval([seed[name] for seed in seeds])
        found[name] = over_seeds and over_seeds["mean"]
        found[f"{name}_interval"] = over_seeds and [over_seeds["low"], over_seeds["high"]]
    return found


def measure_cost(keyphraser: Keyphraser, documents: Sequence[Assembled]) -> dict[str, float]:
    """Seconds a document, of a model that is warm and has seen none of them."""
    ways: dict[str, FindCaptions | None] = {"without": _no_captions, "with": None}
    keyphraser(["warm"] * 2, [documents[-1].document.pictures[-1].picture, None])
    seconds = {}
    for name, find_captions in ways.items():
        begun = time.perf_counter()
        DocumentReader(keyphraser, keyphraser.room, find_captions)(
            [one.document for one in documents]
        )
        seconds[f"seconds_{name}"] = (time.perf_counter() - begun) / len(documents)
    return seconds


def measure_seed(model: Remembering, documents: Sequence[Assembled]) -> dict[str, float]:
    """Every measure over the documents of a seed but time."""
    recovered, given = 0, 0
    ways: dict[str, FindCaptions] = {
        "without": _no_captions,
        "with": CaptionFinder(model),
        "true_captions": lambda tasks: [
            [_true_caption(caption, task) for caption in one.captions]
            for one, task in zip(documents, tasks, strict=True)
        ],
    }
    result: dict[str, float] = {}
    for name, find_captions in ways.items():
        read = DocumentReader(model, model.room, find_captions)
        prompts = model.prompts
        readings = read([one.document for one in documents])
        result[f"prompts_{name}"] = (model.prompts - prompts) / len(documents)
        answers = [reading.keyphrases for reading in readings]
        result[f"f1_{name}"] = _mean_f1(documents, answers)
        if name == "with":
            for one, reading in zip(documents, readings, strict=True):
                pairs = list(zip(one.captions, reading.captions, strict=True))
                given += sum(said is not None for _, said in pairs)
                recovered += sum(said is not None and said in text for text, said in pairs)
    first = model(
        [one.document.text for one in documents],
        [one.document.pictures[0].picture for one in documents],
    )
    result["f1_first_picture"] = _mean_f1(documents, first)
    result["caption_recovery"] = recovered / (PICTURES * len(documents))
    result["image_precision"] = recovered / max(given, 1)
    result["chance"] = 1 / (PICTURES + DISTRACTORS)
    return result


def assemble(posts: Sequence[tuple[Post, ShownPicture]], seed: int) -> list[Assembled]:
    """Documents of all posts; no two texts of one are the same."""
    rng = random.Random(seed)
    order = list(posts)
    rng.shuffle(order)
    found = []
    for start in range(0, len(order) - PICTURES + 1, PICTURES):
        own = order[start : start + PICTURES]
        own_texts = [_sentence(post.text) for post, _ in own]
        others = {_sentence(post.text) for post, _ in posts} - set(own_texts)
        texts = own_texts + rng.sample(sorted(others), DISTRACTORS)
        rng.shuffle(texts)
        found.append(
            Assembled(
                document=Document(text=" ".join(texts), pictures=[shown for _, shown in own]),
                captions=own_texts,
                keyphrases=frozenset(
                    stem_key(phrase) for post, _ in own for phrase in post.keyphrases or ()
                ),
            )
        )
    return found


def _shown(post: Post) -> ShownPicture:
    return ShownPicture(decode_picture(post.image or b""), None)


def _sentence(text: str) -> str:
    plain = " ".join(text.split())
    return plain if plain[-1:] in (".", "!", "?") else f"{plain}."


def _no_captions(tasks: Sequence[Task]) -> list[list[Caption | None]]:
    return [[None] * len(task.pictures) for task in tasks]


def _true_caption(caption: str, task: Task) -> Caption | None:
    """The first sentence of a picture's own text."""
    own = (number for number, sentence in enumerate(task.sentences) if sentence in caption)
    return next((Caption(number, 1.0) for number in own), None)


def _mean_f1(documents: Sequence[Assembled], answers: Sequence[Sequence[Keyphrase]]) -> float:
    pairs = zip(documents, answers, strict=True)
    return fmean(_f1(one.keyphrases, {stem_key(k.phrase) for k in said}) for one, said in pairs)


def _f1(gold: frozenset[str], predicted: set[str]) -> float:
    return 2 * len(gold & predicted) / (len(gold) + len(predicted)) if gold or predicted else 0.0
