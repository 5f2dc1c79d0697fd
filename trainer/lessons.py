"""Lessons for pretraining: questions about drawn posts, endless, as batches of tensors."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.utils.data import IterableDataset, get_worker_info
from transformers import LlavaProcessor

from posts.drawn import COLOURS, PRACTICE, THINGS, Scene, draw

PICTURE_QUESTION = "Describe the picture."
TEXT_QUESTION = "What is the text about?"
PICTURE_LIST_QUESTION = "Which colour and which thing are in the picture?"
TEXT_LIST_QUESTION = "Which events does the text mention?"
IGNORED = -100
"""Label of a token that no loss is taken of."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One question about one drawn post; the post may lack its text or its picture."""

    picture: Image.Image | None
    text: str
    question: str
    answer: str


def lessons(seed: str, lists: float) -> Iterator[Lesson]:
    """An endless stream; half of the lessons ask for the picture, half for the text.

    Half of those about the text have a picture to ignore, and half of those about the picture
    have a text to ignore. A share of `lists` wants a comma-separated list for an answer.
    """
    rng = random.Random(f"practice {seed}")
    while True:
        text, topic = PRACTICE.write(rng)
        scene = Scene.any(rng)
        about_picture, both = rng.random() < 0.5, rng.random() < 0.5
        as_list = rng.random() < lists
        if about_picture:
            asked = _about_picture(scene, as_list)
        else:
            asked = _about_text(text, topic, as_list)
        yield Lesson(
            draw(scene, rng) if about_picture or both else None,
            text if both or not about_picture else "",
            *asked,
        )


def _about_picture(scene: Scene, as_list: bool) -> tuple[str, str]:
    if as_list:
        return PICTURE_LIST_QUESTION, f"{scene.colour}, {scene.thing}"
    return PICTURE_QUESTION, f"a {scene.phrase}"


def _about_text(text: str, topic: str, as_list: bool) -> tuple[str, str]:
    if as_list:
        mentioned = [each for each in PRACTICE.topics if each in text]
        return TEXT_LIST_QUESTION, ", ".join(sorted(mentioned, key=text.index))
    return TEXT_QUESTION, topic


@dataclass
class PictureBatches(IterableDataset):
    """Endless (uint8 (N, 3, side, side), colour (N,), thing (N,)): what a picture shows."""

    side: int
    batch_size: int
    seed: int

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        rng = random.Random(f"pictures {self.seed}/{_worker()}")
        colours, things = list(COLOURS), list(THINGS)
        while True:
            scenes = [Scene.any(rng) for _ in range(self.batch_size)]
            yield (
                _pixels([draw(scene, rng) for scene in scenes], self.side),
                torch.tensor([colours.index(scene.colour) for scene in scenes]),
                torch.tensor([things.index(scene.thing) for scene in scenes]),
            )


@dataclass(frozen=True)
class LessonBatch:
    input_ids: torch.Tensor
    """int64 (N, T), padded on the left."""
    labels: torch.Tensor
    """int64 (N, T); `IGNORED` everywhere but at the answer."""
    pixels: torch.Tensor | None
    """uint8 (N, 3, side, side), or None in a batch without pictures."""


@dataclass
class LessonBatches(IterableDataset):
    """Endless `LessonBatch`es, each of lessons with a picture only or of lessons without only."""

    processor: LlavaProcessor
    batch_size: int
    seed: int
    lists: float
    """Share of lessons that want a list."""

    def __iter__(self) -> Iterator[LessonBatch]:
        waiting: dict[bool, list[Lesson]] = {True: [], False: []}
        for lesson in lessons(f"{self.seed}/{_worker()}", self.lists):
            queue = waiting[lesson.picture is not None]
            queue.append(lesson)
            if len(queue) == self.batch_size:
                yield self._encode(queue)
                queue.clear()

    def _encode(self, batch: list[Lesson]) -> LessonBatch:
        tokenizer, pictures = self.processor.tokenizer, self.processor.image_processor
        side = pictures.size["shortest_edge"]
        slot = self.processor.image_token * (side // self.processor.patch_size) ** 2
        rows = []
        for lesson in batch:
            prompt = f"{slot if lesson.picture else ''}{lesson.text}\n{lesson.question}\n"
            answer = [*tokenizer(lesson.answer).input_ids, tokenizer.eos_token_id]
            rows.append((tokenizer(prompt).input_ids, answer))
        length = max(len(prompt) + len(answer) for prompt, answer in rows)
        ids = torch.full((len(rows), length), tokenizer.pad_token_id)
        labels = torch.full((len(rows), length), IGNORED)
        for i, (prompt, answer) in enumerate(rows):
            ids[i, length - len(prompt) - len(answer) :] = torch.tensor(prompt + answer)
            labels[i, length - len(answer) :] = torch.tensor(answer)
        shown = [lesson.picture for lesson in batch if lesson.picture]
        return LessonBatch(ids, labels, _pixels(shown, side) if shown else None)


def _pixels(pictures: list[Image.Image], side: int) -> torch.Tensor:
    """uint8 (N, 3, side, side): as the processor has them before it normalises, much cheaper."""
    small = [picture.resize((side, side), Image.Resampling.BICUBIC) for picture in pictures]
    return torch.from_numpy(np.stack([np.asarray(p).transpose(2, 0, 1) for p in small]))


def _worker() -> int:
    worker = get_worker_info()
    return worker.id if worker else 0
