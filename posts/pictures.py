"""Pictures decoded safely, whatever the dump calls a picture, and no larger than is wanted.

decode_picture(data, limits)               # all its pixels
decode_picture(data, limits, size)         # as small as a model wants it, in a fraction of the time
check_picture(data, limits)                # nothing but the error, if there is one
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from posts.errors import PostError, Reason
from posts.picture_size import PictureSize, cut, scale, scaling

REDUCTIONS = (8, 4, 2)
"""A JPEG can be decoded so many times smaller, for hardly more than it takes to read it."""
MARGIN = 1.5
"""Times the wanted size that a JPEG is decoded at least, to be scaled from there: its own way to
get smaller averages blocks, which aliases more than the filter of an image processor."""


@dataclass(frozen=True, kw_only=True)
class PictureLimits:
    """What a picture may be."""

    bytes: int = 20_000_000
    """Largest encoded size."""
    together: int = 100_000_000
    """Largest encoded size of all pictures of a post."""
    pixels: int = 100_000_000
    """Largest width times height, by the header, before anything is decoded."""
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
    """Names of Pillow's formats."""

    def __post_init__(self) -> None:
        if min(self.bytes, self.together, self.pixels) < 1 or not self.formats:
            raise ValueError("picture limits must be positive and name at least one format")


DEFAULT_LIMITS = PictureLimits()


def decode_picture(
    data: bytes, limits: PictureLimits = DEFAULT_LIMITS, size: PictureSize | None = None
) -> Image.Image:
    """RGB picture of the first frame, upright by its EXIF tag, transparency on white.

    With `size` scaled down to it, equal to `shrink` of the whole picture but for some rounding
    (tests/model_store/test_picture_size.py states how much). Raises `PostError`: PICTURE_TOO_LARGE
    beyond the limits, which the whole picture has to keep, BROKEN_PICTURE for anything that cannot
    be decoded to its end, PICTURE_UNAVAILABLE (transient) if memory is short.
    """
    if len(data) > limits.bytes:
        raise too_many_bytes(limits)
    try:
        with _quiet_pillow(), Image.open(io.BytesIO(data), formats=limits.formats) as picture:
            _check_pixels(picture.width * picture.height, limits, picture.size)
            return _decode(picture, size)
    except UnidentifiedImageError:
        raise PostError(Reason.BROKEN_PICTURE, _not_a_picture(limits)) from None
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise _too_many_pixels(int(pixels[0]) if pixels else None, limits) from None
    except PostError:
        raise
    except MemoryError:
        # Says more of the machine than of the picture, yet must not end the run.
        detail = "there was not enough memory to decode it"
        raise PostError(Reason.PICTURE_UNAVAILABLE, detail, transient=True) from None
    except Exception as error:  # noqa: BLE001 - on hostile files Pillow raises what it likes
        raise PostError(Reason.BROKEN_PICTURE, f"cannot be decoded: {error}"[:200]) from None


def check_picture(data: bytes, limits: PictureLimits = DEFAULT_LIMITS) -> None:
    """Raises what `decode_picture` raises, as soon as can be."""
    decode_picture(data, limits, PictureSize(side=1))


def too_many_bytes(limits: PictureLimits) -> PostError:
    """The error of an encoded picture beyond the limit."""
    return PostError(Reason.PICTURE_TOO_LARGE, f"more than {limits.bytes:,} bytes")


def too_many_bytes_together(limits: PictureLimits) -> PostError:
    """The error of a post whose encoded pictures are beyond the limit for all of them."""
    detail = f"its pictures have more than {limits.together:,} bytes together"
    return PostError(Reason.PICTURE_TOO_LARGE, detail)


def _decode(picture: Image.Image, size: PictureSize | None) -> Image.Image:
    if size is None:
        picture.load()
        return _upright(_to_rgb(picture), _turn(picture))
    wanted = scaling(picture.size, size)
    reduced = _draft(picture, wanted.factor / MARGIN)
    picture.load()
    scaled = scale(_to_rgb(picture), wanted, size.resample, reduced)
    # Turned when it is small, and cut as it stands upright, as image processors do.
    return cut(_upright(scaled, _turn(picture)), size)


def _draft(picture: Image.Image, most: float) -> int:
    """How many times smaller the picture is going to be decoded: at most so many, if it can be."""
    for reduction in REDUCTIONS:
        if reduction <= most:
            width, height = picture.size
            size = (max(1, width // reduction), max(1, height // reduction))
            return reduction if picture.draft(None, size) else 1
    return 1


def _not_a_picture(limits: PictureLimits) -> str:
    return f"not a picture in a format that is read ({', '.join(limits.formats)})"


def _check_pixels(pixels: int, limits: PictureLimits, size: tuple[int, int]) -> None:
    if pixels > limits.pixels:
        raise _too_many_pixels(pixels, limits, f"{size[0]:,} x {size[1]:,} = ")


def _too_many_pixels(pixels: int | None, limits: PictureLimits, size: str = "") -> PostError:
    has = "too many pixels" if pixels is None else f"{size}{pixels:,} pixels"
    return PostError(Reason.PICTURE_TOO_LARGE, f"{has}, more than {limits.pixels:,}")


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By the EXIF tag."""


def _turn(picture: Image.Image) -> Image.Transpose | None:
    try:
        return _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a broken EXIF block must not cost us the picture
        return None


def _upright(picture: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return picture if turn is None else picture.transpose(turn)


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):
        return _eight_bit(picture).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    white = Image.new("RGB", layer.size, "white")
    white.paste(layer, mask=layer.getchannel("A"))
    return white


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Greys of more than eight bits, scaled to eight; Pillow's own conversion may clip them."""
    greys = np.nan_to_num(np.asarray(picture, dtype=np.float32))
    top = 65535.0 if picture.mode.startswith("I;16") or greys.max() > 255 else 255.0
    if picture.mode == "F" and greys.max() <= 1:
        top = 1.0
    return Image.fromarray(np.clip(greys * (255 / top), 0, 255).round().astype(np.uint8))


_quiet_lock = threading.Lock()
_quiet_users = 0
_quiet_filter = warnings.catch_warnings()


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Silences Pillow's warnings while at least one thread decodes.

    `catch_warnings` is global: threads that enter and leave it in a mixed order would restore
    each other's filters, so the first one enters and the last one leaves.
    """
    global _quiet_users, _quiet_filter
    with _quiet_lock:
        if _quiet_users == 0:
            _quiet_filter = warnings.catch_warnings()
            _quiet_filter.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\.")
        _quiet_users += 1
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_users -= 1
            if _quiet_users == 0:
                _quiet_filter.__exit__(None, None, None)
