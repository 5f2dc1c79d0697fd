"""A stand-in for the model: the more blue and the less red a picture is, the further it points."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image

from indexer.index.records import Build, Document
from indexer.index.vectors import Vectors
from posts.errors import InputError, PostError
from posts.pictures import decode_picture
from tests.indexer.index.samples import document
from tests.sample_pictures import encoded


def towards(colour: tuple[int, int, int]) -> tuple[float, ...]:
    red, _, blue = colour
    angle = math.radians(90 * (blue - red + 255) / 510)
    return math.cos(angle), math.sin(angle)


class ByColour:
    """See `indexer.search.embedder.Embeds`."""

    def check(self, build: Build) -> None:
        if not build.dimensions:
            raise InputError("the index has no vectors")

    def picture(self, build: Build, data: bytes) -> Sequence[float]:
        try:
            pixel = decode_picture(data).resize((1, 1)).getpixel((0, 0))
        except PostError as error:
            raise InputError(f"this cannot be searched by: {error}") from error
        assert isinstance(pixel, tuple)
        return towards((int(pixel[0]), int(pixel[1]), int(pixel[2])))

    def text(self, build: Build, text: str) -> Sequence[float] | None:
        return towards((0, 0, 255) if "blue" in text else (255, 0, 0)) if text else None


def coloured(colour: str) -> bytes:
    return encoded(Image.new("RGB", (30, 20), colour))


def painted(id: str, text: str, colour: tuple[int, int, int], alignment: float) -> Document:
    """A post whose picture is of one colour."""
    vectors = Vectors(text=towards(colour), picture=towards(colour))
    return document(id, text, has_picture=True, vectors=vectors, alignment=alignment)


PAINTED = [
    painted("red", "the colour of roses", (255, 0, 0), 0.9),
    painted("violet", "the colour of violets", (160, 0, 160), 0.7),
    painted("blue", "the colour of the sky", (0, 0, 255), 0.1),
    document("words", "the colour of money"),
]
