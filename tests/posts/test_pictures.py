from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from posts.errors import PostError, Reason
from posts.pictures import PictureLimits, decode_picture
from tests.sample_pictures import RED, encoded, huge_png, plain


def failure(data: bytes, limits: PictureLimits | None = None) -> PostError:
    with pytest.raises(PostError) as caught:
        decode_picture(data, limits or PictureLimits())
    return caught.value


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_promised_format_is_read_as_rgb(form: str) -> None:
    picture = decode_picture(encoded(plain(), form))
    assert (picture.mode, picture.size) == ("RGB", (20, 10))
    assert np.abs(np.asarray(picture).astype(int) - RED).max() <= 3


def test_a_format_that_is_not_promised_is_not_a_picture() -> None:
    error = failure(encoded(plain(), "PPM"))
    assert error.reason is Reason.BROKEN_PICTURE
    assert "not a picture" in error.detail


@pytest.mark.parametrize("step", ["PIL.ImageFile.ImageFile.load", "PIL.Image.Image.getexif"])
def test_a_picture_for_which_memory_is_short_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    data = encoded(plain(), "BMP")
    monkeypatch.setattr(step, fail)
    error = failure(data)
    assert (error.reason, error.transient) == (Reason.PICTURE_UNAVAILABLE, True)


@pytest.mark.parametrize("data", [b"", b"just a text, not a picture", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_broken(data: bytes) -> None:
    assert failure(data).reason is Reason.BROKEN_PICTURE


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_truncated_picture_is_broken(form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), form)
    assert failure(data[: len(data) * 2 // 3]).reason is Reason.BROKEN_PICTURE


def test_a_huge_picture_is_refused_by_its_header() -> None:
    error = failure(huge_png())
    assert error.reason is Reason.PICTURE_TOO_LARGE
    assert "2,500,000,000" in error.detail
    assert "100,000,000" in error.detail


def test_a_picture_just_over_the_limit_names_its_sides() -> None:
    error = failure(encoded(plain()), PictureLimits(pixels=199))
    assert error.reason is Reason.PICTURE_TOO_LARGE
    assert "20 x 10" in error.detail
    decode_picture(encoded(plain()), PictureLimits(pixels=200))


def test_too_many_bytes_are_refused() -> None:
    data = encoded(plain())
    assert failure(data, PictureLimits(bytes=len(data) - 1)).reason is Reason.PICTURE_TOO_LARGE
    decode_picture(data, PictureLimits(bytes=len(data)))


def test_exif_rotation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_picture(encoded(plain(), "JPEG", exif=exif)).size == (10, 20)


def test_broken_exif_does_not_cost_the_picture() -> None:
    data = encoded(plain(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\xff\xff\xff")
    assert decode_picture(data).size == (20, 10)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "TIFF", "PNG"])
def test_an_animation_gives_its_first_frame(form: str) -> None:
    frames = [plain(), plain(colour=(0, 0, 255))]
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    assert np.abs(np.asarray(decode_picture(data)).astype(int) - RED).max() <= 3


@pytest.mark.parametrize(
    "picture", [plain("RGBA", (255, 0, 0, 0)), plain("LA", (0, 0)), plain("RGBA", (0, 0, 0, 0))]
)
def test_transparency_is_shown_on_white(picture: Image.Image) -> None:
    assert np.asarray(decode_picture(encoded(picture))).min() == 255


def test_a_transparent_palette_colour_is_shown_on_white() -> None:
    picture = plain("P", 1)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    for form in ("PNG", "GIF"):
        assert np.asarray(decode_picture(encoded(picture, form, transparency=1))).min() == 255
        assert decode_picture(encoded(picture, form)).getpixel((0, 0)) == RED


def test_sixteen_bit_greys_are_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(1, 256).repeat(4, 0)
    for form in ("PNG", "TIFF"):
        greys = np.asarray(decode_picture(encoded(Image.fromarray(ramp), form)))[0, :, 0]
        assert np.abs(greys.astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "YCbCr", "I", "F"])
def test_other_modes_become_rgb(mode: str) -> None:
    form = "JPEG" if mode in ("CMYK", "YCbCr") else "TIFF"
    assert decode_picture(encoded(plain("RGB").convert(mode), form)).mode == "RGB"


def test_pillows_state_and_warnings_stay_inside() -> None:
    before = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    bomb = huge_png(9_700, 9_700)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Between Pillow's own warning and our limit; broken, for want of pixels.
        assert failure(bomb).reason is Reason.BROKEN_PICTURE
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(failure, [bomb] * 8))
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before


def test_limits_are_checked_when_made() -> None:
    with pytest.raises(ValueError, match="positive"):
        PictureLimits(bytes=0)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_pictures_give_a_picture_or_a_post_error(
    form: str, damage: list[tuple[float, int]]
) -> None:
    data = bytearray(encoded(plain(), form))
    for where, value in damage:
        data[int(where * len(data))] = value
    try:
        assert decode_picture(bytes(data)).mode == "RGB"
    except PostError as error:
        allowed = (Reason.BROKEN_PICTURE, Reason.PICTURE_TOO_LARGE)
        assert error.reason in allowed  # noqa: PT017 - either outcome is right
