from __future__ import annotations

import io

import pytest
from PIL import Image, PngImagePlugin

from posts.errors import PostError, Reason
from posts.pictures import PictureLimits
from posts.thumbnail import make_thumbnail
from tests.sample_pictures import RED, encoded, huge_png, plain


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_the_long_side_is_as_long_as_wanted_and_all_of_the_picture_is_there(form: str) -> None:
    picture = Image.new("RGB", (900, 300), "white")
    picture.paste(RED, (0, 0, 300, 300))
    small = opened(make_thumbnail(encoded(picture, form), 160))
    assert (small.format, small.size) == ("WEBP", (160, 53))
    assert small.getpixel((10, 25))[1] < 60  # type: ignore[index]
    assert min(small.getpixel((150, 25))) > 240  # type: ignore[type-var, arg-type]


def test_a_small_picture_is_not_enlarged() -> None:
    assert opened(make_thumbnail(encoded(plain()), 640)).size == (20, 10)


def test_a_very_long_picture_keeps_a_pixel_of_its_short_side() -> None:
    line = Image.new("RGB", (5000, 2), RED)
    assert opened(make_thumbnail(encoded(line), 160)).size == (160, 1)


@pytest.mark.parametrize("long", [400, 160])
def test_it_stands_upright_and_says_nothing_of_where_it_was_taken(long: int) -> None:
    picture = Image.new("RGB", (long, long // 2), "white")
    picture.paste(RED, (0, 0, long // 2, long // 2))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a secret"
    exif.get_ifd(0x8825)[1] = "N"
    data = encoded(picture, "JPEG", exif=exif, comment=b"a secret", icc_profile=b"a secret")
    assert b"a secret" in data
    small = make_thumbnail(data, 160)
    assert b"a secret" not in small
    assert not opened(small).getexif()
    assert "icc_profile" not in opened(small).info
    # Turned clockwise, what was left is at the top.
    assert opened(small).size == (80, 160)
    assert opened(small).getpixel((40, 30))[1] < 60  # type: ignore[index]


def test_texts_of_a_png_are_gone() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "a secret")
    data = encoded(plain(), "PNG", pnginfo=texts)
    assert b"a secret" in data
    assert b"a secret" not in make_thumbnail(data, 160)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (huge_png(), Reason.PICTURE_TOO_LARGE),
        (encoded(plain().resize((200, 200)), "JPEG")[:500], Reason.BROKEN_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", Reason.BROKEN_PICTURE),
        (b"", Reason.BROKEN_PICTURE),
    ],
    ids=["bomb", "truncated", "svg", "nothing"],
)
def test_what_a_run_refuses_has_no_thumbnail(data: bytes, reason: Reason) -> None:
    with pytest.raises(PostError) as caught:
        make_thumbnail(data, 160)
    assert caught.value.reason is reason


def test_the_limits_are_those_of_the_dump() -> None:
    with pytest.raises(PostError):
        make_thumbnail(encoded(plain()), 160, PictureLimits(pixels=199))
