"""A picture decoded small is the one that is decoded whole and shrunk, or just as broken."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from posts.errors import PostError, Reason
from posts.picture_size import PictureSize, Shape, shrink
from posts.pictures import PictureLimits, check_picture, decode_picture
from tests.large_pictures import photo
from tests.sample_pictures import encoded

# At half, a quarter and an eighth of it the last row and column stand for a part of a pixel.
PHOTO = photo(7, (1209, 901))
SIDE = PictureSize(side=64)
LEVELS = 1.0
"""Mean difference allowed, of 255."""


def jpeg(**options: Any) -> bytes:
    return encoded(options.pop("picture", PHOTO), "JPEG", quality=90, **options)


def outcome(data: bytes, size: PictureSize | None = None) -> Reason | None:
    try:
        decode_picture(data, size=size)
    except PostError as error:
        return error.reason
    return None


def apart(data: bytes, size: PictureSize) -> float:
    """Mean difference in levels from what Pillow makes of the whole picture."""
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    assert np.array_equal(np.asarray(decode_picture(data)), np.asarray(upright))
    small, whole = decode_picture(data, size=size), shrink(upright, size)
    assert (small.size, small.mode) == (whole.size, "RGB")
    return float(np.abs(np.asarray(small, np.float32) - np.asarray(whole, np.float32)).mean())


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_turned_picture_comes_out_upright(turn: int, shape: Shape) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    assert apart(jpeg(exif=exif), PictureSize(side=64, shape=shape)) < LEVELS


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_colours_of_another_mode_are_the_same(mode: str) -> None:
    assert apart(jpeg(picture=PHOTO.convert(mode)), SIDE) < LEVELS


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"optimize": True}])
def test_all_ways_to_write_a_jpeg_are_read(options: dict[str, Any]) -> None:
    assert apart(jpeg(**options), SIDE) < LEVELS


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_formats_without_a_smaller_scale_are_read_too(form: str) -> None:
    assert apart(encoded(PHOTO, form), SIDE) < LEVELS


@pytest.mark.parametrize(
    ("side", "loaded"), [(64, (152, 113)), (75, (152, 113)), (76, (303, 226)), (500, (1209, 901))]
)
def test_a_jpeg_is_decoded_no_larger_than_it_takes(
    monkeypatch: pytest.MonkeyPatch, side: int, loaded: tuple[int, int]
) -> None:
    sizes, load = [], JpegImageFile.load

    def spy(self: JpegImageFile) -> object:
        if self.tile:
            sizes.append(self.size)
        return load(self)

    monkeypatch.setattr(JpegImageFile, "load", spy)
    decode_picture(jpeg(), size=PictureSize(side=side))
    assert sizes == [loaded]


def test_limits_are_those_of_the_whole_picture() -> None:
    data = jpeg()
    pixels = PHOTO.width * PHOTO.height
    decode_picture(data, PictureLimits(pixels=pixels), SIDE)
    for limits in (PictureLimits(pixels=pixels - 1), PictureLimits(bytes=len(data) - 1)):
        with pytest.raises(PostError) as caught:
            decode_picture(data, limits, SIDE)
        assert caught.value.reason is Reason.PICTURE_TOO_LARGE


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("kept", [0.02, 0.1, 0.5, 0.9, 0.99, 0.999])
def test_a_truncated_jpeg_is_still_broken(kept: float, progressive: bool) -> None:
    data = jpeg(progressive=progressive)
    data = data[: int(kept * len(data))]
    assert outcome(data) is outcome(data, SIDE) is Reason.BROKEN_PICTURE
    with pytest.raises(PostError, match="cannot be decoded"):
        check_picture(data)


SMALL_JPEG = jpeg(picture=PHOTO.crop((0, 0, 65, 49)))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8),
    st.sampled_from([1, 4, 8, 16]),
)
def test_a_damaged_jpeg_is_as_broken_as_before(damage: list[tuple[float, int]], side: int) -> None:
    data = bytearray(SMALL_JPEG)
    for where, value in damage:
        data[int(where * len(data))] = value
    assert outcome(bytes(data)) is outcome(bytes(data), PictureSize(side=side))
