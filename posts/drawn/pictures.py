"""Drawn pictures: one coloured thing on a pale, cluttered ground."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image, ImageDraw

SIDE = 96
"""Width and height of a drawn picture, in pixels."""

_OVERSAMPLING = 3  # Pillow draws without smoothing: draw large, then shrink.

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (214, 38, 38),
    "orange": (240, 132, 20),
    "yellow": (236, 204, 24),
    "green": (40, 150, 62),
    "blue": (36, 92, 210),
    "purple": (128, 52, 168),
    "brown": (122, 74, 38),
    "black": (28, 28, 30),
}

Point = tuple[float, float]
Outline = list[Point]


def _circle(x: float, y: float, radius: float, start: float = 0, stop: float = 360) -> Outline:
    steps = 36
    angles = [math.radians(start + (stop - start) * i / steps) for i in range(steps + 1)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def _star() -> list[Outline]:
    corners = [(0.5 if i % 2 == 0 else 0.2, math.radians(36 * i - 90)) for i in range(10)]
    return [[(0.5 + r * math.cos(a), 0.52 + r * math.sin(a)) for r, a in corners]]


def _heart() -> list[Outline]:
    angles = [2 * math.pi * i / 60 for i in range(60)]
    curve = [
        (
            16 * math.sin(a) ** 3,
            13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a),
        )
        for a in angles
    ]
    return [[(0.5 + x / 34, 0.46 - y / 34) for x, y in curve]]


def _moon() -> list[Outline]:
    outer = _circle(0.5, 0.5, 0.48, 50, 310)
    inner = _circle(0.72, 0.5, 0.4, 293, 67)
    return [outer + inner]


# Outlines in the unit square, y downwards; a thing is recognised by its silhouette alone.
THINGS: Mapping[str, Callable[[], list[Outline]]] = {
    "star": _star,
    "heart": _heart,
    "moon": _moon,
    "house": lambda: [
        [(0.5, 0.05), (0.98, 0.48), (0.02, 0.48)],
        [(0.14, 0.48), (0.86, 0.48), (0.86, 0.96), (0.6, 0.96), (0.6, 0.66), (0.4, 0.66),
         (0.4, 0.96), (0.14, 0.96)],
    ],
    "tree": lambda: [
        _circle(0.5, 0.32, 0.3), _circle(0.28, 0.45, 0.2), _circle(0.72, 0.45, 0.2),
        [(0.43, 0.5), (0.57, 0.5), (0.6, 0.98), (0.4, 0.98)],
    ],
    "boat": lambda: [
        [(0.02, 0.68), (0.98, 0.68), (0.8, 0.95), (0.2, 0.95)],
        [(0.47, 0.05), (0.53, 0.05), (0.53, 0.68), (0.47, 0.68)],
        [(0.57, 0.1), (0.92, 0.58), (0.57, 0.58)],
    ],
    "fish": lambda: [
        [(0.5 + 0.34 * math.cos(a) - 0.12, 0.5 + 0.24 * math.sin(a))
         for a in (2 * math.pi * i / 40 for i in range(40))],
        [(0.64, 0.5), (0.98, 0.22), (0.98, 0.78)],
    ],
    "umbrella": lambda: [
        _circle(0.5, 0.5, 0.47, 180, 360),
        [(0.47, 0.5), (0.53, 0.5), (0.53, 0.88), (0.47, 0.88)],
        [(0.53, 0.82), (0.53, 0.94), (0.3, 0.94), (0.3, 0.8), (0.36, 0.8), (0.36, 0.88),
         (0.47, 0.88), (0.47, 0.82)],
    ],
    "flag": lambda: [
        [(0.12, 0.02), (0.2, 0.02), (0.2, 0.98), (0.12, 0.98)],
        [(0.2, 0.06), (0.95, 0.16), (0.7, 0.34), (0.95, 0.54), (0.2, 0.56)],
    ],
    "cup": lambda: [
        [(0.1, 0.2), (0.7, 0.2), (0.62, 0.9), (0.18, 0.9)],
        [(0.68, 0.3), (0.95, 0.34), (0.92, 0.68), (0.64, 0.72), (0.65, 0.62), (0.82, 0.6),
         (0.84, 0.43), (0.67, 0.41)],
    ],
    "arrow": lambda: [
        [(0.02, 0.38), (0.55, 0.38), (0.55, 0.12), (0.98, 0.5), (0.55, 0.88), (0.55, 0.62),
         (0.02, 0.62)],
    ],
    "mushroom": lambda: [
        _circle(0.5, 0.5, 0.46, 180, 360),
        [(0.36, 0.5), (0.64, 0.5), (0.68, 0.95), (0.32, 0.95)],
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture shows, apart from chance."""

    colour: str
    thing: str

    @property
    def phrase(self) -> str:
        return f"{self.colour} {self.thing}"

    @classmethod
    def any(cls, rng: random.Random) -> Scene:
        return cls(rng.choice(list(COLOURS)), rng.choice(list(THINGS)))


def draw(scene: Scene, rng: random.Random) -> Image.Image:
    """RGB picture of `SIDE` x `SIDE` pixels; place, size, tilt, shade and clutter are chance."""
    large = SIDE * _OVERSAMPLING
    ground = tuple(rng.randint(205, 255) for _ in range(3))
    canvas = Image.new("RGB", (large, large), ground)
    pen = ImageDraw.Draw(canvas)
    for _ in range(rng.randint(2, 6)):
        pen.line(
            [tuple(rng.uniform(0, large) for _ in range(2)) for _ in range(2)],
            fill=tuple(max(0, c - rng.randint(10, 45)) for c in ground),
            width=rng.randint(2, 3 * _OVERSAMPLING),
        )
    shade = tuple(min(255, max(0, c + rng.randint(-18, 18))) for c in COLOURS[scene.colour])
    size = rng.uniform(0.5, 0.85) * large
    left, top = (rng.uniform(0.02, 0.98) * (large - size) for _ in range(2))
    tilt = math.radians(rng.uniform(-15, 15))
    for outline in THINGS[scene.thing]():
        pen.polygon([_placed(p, tilt, left, top, size) for p in outline], fill=shade)
    return canvas.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def draw_png(scene: Scene, rng: random.Random) -> bytes:
    """`draw`, encoded as PNG."""
    buffer = io.BytesIO()
    draw(scene, rng).save(buffer, format="PNG")
    return buffer.getvalue()


def _placed(point: Point, tilt: float, left: float, top: float, size: float) -> Point:
    x, y = point[0] - 0.5, point[1] - 0.5
    cos, sin = math.cos(tilt), math.sin(tilt)
    return left + size * (0.5 + x * cos - y * sin), top + size * (0.5 + x * sin + y * cos)
