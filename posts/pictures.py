"""Pictures decoded safely, whatever the dump calls a picture."""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from posts.errors import PostError, Reason


@dataclass(frozen=True, kw_only=True)
class PictureLimits:
    """What a picture may be."""

    bytes: int = 20_000_000
    """Largest encoded size."""
    pixels: int = 100_000_000
    """Largest width times height, by the header, before anything is decoded."""
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
    """Names of Pillow's formats."""

    def __post_init__(self) -> None:
        if self.bytes < 1 or self.pixels < 1 or not self.formats:
            raise ValueError("picture limits must be positive and name at least one format")


DEFAULT_LIMITS = PictureLimits()


def decode_picture(data: bytes, limits: PictureLimits = DEFAULT_LIMITS) -> Image.Image:
    """RGB picture of the first frame, upright by its EXIF tag, transparency on white.

    Raises `PostError`: PICTURE_TOO_LARGE beyond the limits, BROKEN_PICTURE for anything that
    cannot be decoded to its end, PICTURE_UNAVAILABLE (transient) if memory is short.
    """
    if len(data) > limits.bytes:
        raise too_many_bytes(limits)
    try:
        with _quiet_pillow(), Image.open(io.BytesIO(data), formats=limits.formats) as picture:
            _check_pixels(picture.width * picture.height, limits, picture.size)
            picture.load()
            return _to_rgb(_upright(picture))
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


def too_many_bytes(limits: PictureLimits) -> PostError:
    """The error of an encoded picture beyond the limit."""
    return PostError(Reason.PICTURE_TOO_LARGE, f"more than {limits.bytes:,} bytes")


def _not_a_picture(limits: PictureLimits) -> str:
    return f"not a picture in a format that is read ({', '.join(limits.formats)})"


def _check_pixels(pixels: int, limits: PictureLimits, size: tuple[int, int]) -> None:
    if pixels > limits.pixels:
        raise _too_many_pixels(pixels, limits, f"{size[0]:,} x {size[1]:,} = ")


def _too_many_pixels(pixels: int | None, limits: PictureLimits, size: str = "") -> PostError:
    has = "too many pixels" if pixels is None else f"{size}{pixels:,} pixels"
    return PostError(Reason.PICTURE_TOO_LARGE, f"{has}, more than {limits.pixels:,}")


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a broken EXIF block must not cost us the picture
        return picture


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
