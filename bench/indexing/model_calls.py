"""When the models of a run were at work, told by their processes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from indexer.stages.generate import AsksModel, LoadModel
from posts.phrases import Keyphrase


@dataclass(frozen=True, slots=True)
class Call:
    """A model was asked about some posts, from `begin` to `end` on the machine's clock, seconds."""

    process: int
    begin: float
    end: float
    posts: int


@dataclass(frozen=True, kw_only=True)
class TimedLoader:
    """Loads a model whose calls are written down in a folder; a file for each process."""

    load: LoadModel
    folder: Path

    def __call__(self) -> AsksModel:
        return _Timed(self.load(), self.folder / f"{os.getpid()}.jsonl")


class _Timed:
    def __init__(self, model: AsksModel, file: Path) -> None:
        self._model = model
        self._file = file

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        begin = time.monotonic()
        answers = self._model(texts, pictures)
        with self._file.open("a") as file:
            file.write(json.dumps([begin, time.monotonic(), len(texts)]) + "\n")
        return answers


def read_calls(folder: Path) -> list[Call]:
    """All calls of a run, by the time they began."""
    calls = [
        Call(int(file.stem), *json.loads(line))
        for file in folder.glob("*.jsonl")
        for line in file.read_text().splitlines()
    ]
    return sorted(calls, key=lambda call: call.begin)


def busy_share(calls: Sequence[Call], begin: float, end: float) -> float:
    """Of the time of all processes between two moments, how much they were at work."""
    work = sum(max(0.0, min(call.end, end) - max(call.begin, begin)) for call in calls)
    return work / ((end - begin) * len({call.process for call in calls}))


def posts_done(calls: Sequence[Call], begin: float, end: float) -> float:
    """Posts that were done between two moments, of a call that lies across one a part."""
    return sum(
        call.posts * max(0.0, min(call.end, end) - max(call.begin, begin)) / (call.end - call.begin)
        for call in calls
    )
