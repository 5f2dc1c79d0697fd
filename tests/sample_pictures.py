"""Pictures that tests need."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw, ImageFont

RED = (255, 0, 0)


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def plain(mode: str = "RGB", colour: Any = RED) -> Image.Image:
    return Image.new(mode, (20, 10), colour)


def huge_png(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def written(*texts: tuple[int, int, str, int], size: tuple[int, int] = (400, 200)) -> Image.Image:
    """Black on white in Pillow's own font; each text has a place (x, y) and a size in pixels."""
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for x, y, text, pixels in texts:
        draw.text((x, y), text, fill="black", font=ImageFont.load_default(pixels))
    return picture
