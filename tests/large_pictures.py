"""Large pictures as cameras, scanners and screens make them, drawn from a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Size = tuple[int, int]
TWELVE_MEGAPIXELS: Size = (4000, 3000)

_OCTAVES = range(2, 12)
_FADING = 0.6
"""Of an octave, the strength is two to the power of minus this: as smooth as photographs are."""
_NOISE = 4
"""Levels of 255: a phone in daylight."""
_SHAPES = 40
_TEXT = "Sale at the harbour 1947, all boots half price. "
_TEXT_SIZES = (24, 40, 80, 160)


def photo(seed: int, size: Size = TWELVE_MEGAPIXELS) -> Image.Image:
    """Detail at all scales, things with hard edges, and a sensor's noise."""
    random = np.random.default_rng(seed)
    light = _clouds(random, size, _OCTAVES)
    light += _things(random, size)
    light += random.standard_normal(light.shape, dtype=np.float32) * _NOISE
    colours = [_clouds(random, size, _OCTAVES[:4]) / 3 for _ in range(2)]
    channels = [light + 128, *(colour + 128 for colour in colours)]
    bytes_ = [np.clip(channel, 0, 255).astype(np.uint8) for channel in channels]
    return Image.merge("YCbCr", [Image.fromarray(one) for one in bytes_]).convert("RGB")


def page(size: Size = TWELVE_MEGAPIXELS) -> Image.Image:
    """Lines of text in several sizes and colours on white."""
    picture = Image.new("RGB", size, "white")
    draw, top, line = ImageDraw.Draw(picture), 0, 0
    while top < size[1]:
        pixels = _TEXT_SIZES[line % len(_TEXT_SIZES)]
        colour = ("black", "darkred", "navy")[line % 3]
        font = ImageFont.load_default(pixels)
        draw.text((10 + 7 * line, top), _TEXT * 8, fill=colour, font=font)
        top, line = top + pixels * 13 // 10, line + 1
    return picture


def gradient(size: Size = TWELVE_MEGAPIXELS) -> Image.Image:
    """No edge anywhere."""
    across, down = _grid(size)
    red, green = across / size[0], down / size[1]
    layers = [red + 0 * green, green + 0 * red, (red + green) / 2]
    return Image.fromarray((np.stack(layers, -1) * 255).astype(np.uint8))


def checkerboard(square: int, size: Size = TWELVE_MEGAPIXELS) -> Image.Image:
    """Black and white squares of some pixels: what careless scaling turns into patterns."""
    across, down = _grid(size)
    board = (across // square + down // square) % 2 * 255
    return Image.fromarray(board.astype(np.uint8)).convert("RGB")


def rings(size: Size = TWELVE_MEGAPIXELS) -> Image.Image:
    """Rings that get finer outwards, through all the frequencies that a picture can have."""
    across, down = _grid(size)
    squares = (across - size[0] / 2) ** 2 + (down - size[1] / 2) ** 2
    waves = 127.5 + 127.5 * np.cos(squares * np.pi / size[0] / 1.3)
    return Image.fromarray(waves.astype(np.uint8)).convert("RGB")


def _grid(size: Size) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    down, across = np.ogrid[: size[1], : size[0]]
    return across.astype(np.float32), down.astype(np.float32)


def _clouds(random: np.random.Generator, size: Size, octaves: range) -> NDArray[np.float32]:
    clouds = np.zeros((size[1], size[0]), np.float32)
    for octave in octaves:
        cells = max(2, 2**octave * size[1] // size[0]), 2**octave
        noise = Image.fromarray(random.standard_normal(cells, dtype=np.float32))
        grown = noise.resize(size, Image.Resampling.BICUBIC)
        clouds += np.asarray(grown) * 2.0 ** (-_FADING * octave)
    return clouds * np.float32(45 / clouds.std())


def _things(random: np.random.Generator, size: Size) -> NDArray[np.float32]:
    layer = Image.new("F", size, 0)
    draw = ImageDraw.Draw(layer)
    for number in range(_SHAPES):
        left, top = random.uniform(-0.1, 0.9, 2) * size
        width, height = random.uniform(0.02, 0.25, 2) * size
        shape = draw.ellipse if number % 2 else draw.rectangle
        shape((left, top, left + width, top + height), fill=float(random.normal(0, 40)))
    return np.asarray(layer)
