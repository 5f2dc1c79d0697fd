"""Stand-ins for loading a model, for tests of what surrounds it; Ray's workers import them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from posts.errors import JobError
from posts.phrases import Keyphrase


class LastWord:
    """Its keyphrases are a text's last word and, of a picture, its size."""

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        if any("poison" in text for text in texts):
            raise ValueError("this text makes the model stumble")
        return [
            [Keyphrase(word, 0.9) for word in text.split()[-1:]]
            + ([] if picture is None else [Keyphrase(f"{picture.width}x{picture.height}", 0.5)])
            for text, picture in zip(texts, pictures, strict=True)
        ]


class Silent:
    """Has no keyphrases for anything."""

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        return [[] for _ in texts]


def refuse_to_load() -> LastWord:
    """For runs that must not need the model."""
    raise JobError("the model was loaded")


class Mortal(LastWord):
    """Its process dies of a post with the word "lethal"."""

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        if any("lethal" in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(texts, pictures)


class Slow(LastWord):
    """Takes its time over each post, and leaves word of the process that it is in."""

    seconds = 0.2

    def __init__(self, pids: Path) -> None:
        (pids / str(os.getpid())).touch()

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        time.sleep(self.seconds * len(texts))
        return super().__call__(texts, pictures)
