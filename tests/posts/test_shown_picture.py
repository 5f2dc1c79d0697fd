from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from posts.ocr import LARGEST_SIDE
from posts.picture_size import PictureSize, Shape
from posts.pictures import DEFAULT_LIMITS
from posts.shown_picture import ShownPicture, decode_to_show
from tests.large_pictures import photo
from tests.sample_pictures import encoded

SIZE = PictureSize(side=64, shape=Shape.CROPPED)


def shown(picture: Image.Image) -> tuple[ShownPicture, tuple[int, int]]:
    """What is shown of a JPEG, and the size of the picture in which words were looked for."""
    sizes = []

    def read_words(legible: Image.Image) -> str:
        sizes.append(legible.size)
        return "words"

    data = encoded(picture, "JPEG")
    found = decode_to_show(data, DEFAULT_LIMITS, SIZE, read_words)
    return found, sizes[0]


@pytest.mark.parametrize(
    ("size", "read_at"),
    [
        ((2400, 1800), (LARGEST_SIDE, 720)),
        ((3001, 300), (LARGEST_SIDE, 95)),
        ((800, 600), (800, 600)),
    ],
)
def test_words_are_looked_for_in_all_of_a_picture_that_is_still_large(
    size: tuple[int, int], read_at: tuple[int, int]
) -> None:
    found, looked_at = shown(photo(1, size))
    assert looked_at == read_at
    assert (found.words, found.picture.size) == ("words", (64, 64))


def test_a_picture_is_decoded_once_whether_its_words_are_read_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened, really_open = [], Image.open

    def spy(*arguments: Any, **options: Any) -> Image.Image:
        opened.append(arguments)
        return really_open(*arguments, **options)

    monkeypatch.setattr(Image, "open", spy)
    data = encoded(photo(1, (600, 400)), "JPEG")
    assert decode_to_show(data, DEFAULT_LIMITS, SIZE).words is None
    assert len(opened) == 1
    decode_to_show(data, DEFAULT_LIMITS, SIZE, lambda picture: "")
    assert len(opened) == 2
