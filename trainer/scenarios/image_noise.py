"""Pictures made worse, in five severities.

Kinds and severities are four of ImageNet-C's (Hendrycks and Dietterich, "Benchmarking Neural
Network Robustness to Common Corruptions and Perturbations", ICLR 2019).
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from trainer.scenarios.draws import generator
from trainer.scenarios.shown import Scenario, Shown, picture_of
from trainer.training_set import TrainingSet

SEVERITIES = range(1, 6)

GAUSSIAN = (0.08, 0.12, 0.18, 0.26, 0.38)
"""Standard deviation, where black is 0 and white is 1."""
BLUR = (1, 2, 3, 4, 6)
"""Radius in pixels."""
JPEG = (25, 18, 15, 10, 7)
"""Quality."""
PIXELATE = (0.6, 0.5, 0.4, 0.3, 0.25)
"""Width and height of what is left, as a share."""

_SHORTER_SIDE = 256
"""Of the pictures for which the severities were made. Left large, a picture would be shrunk by
the model, and nearly all of its noise with it."""
_LONGER_SIDE = 4096
"""No stripe of a picture exceeds what JPEG can hold."""


def image_noise(severity: int) -> Scenario:
    """Each picture made worse in one of the four ways, drawn by its post's id.

    A post's way is the same in all severities. A post without a picture stays as it is.
    """

    def show(examples: TrainingSet, row: int) -> Shown:
        example = examples[row]
        picture = picture_of(example)
        return Shown(example.text, picture and corrupt(picture, severity, example.id))

    return show


def corrupt(picture: Image.Image, severity: int, post_id: str) -> Image.Image:
    """The picture of that post, shrunk where it is larger than 256 pixels and made worse."""
    draws = generator("image-noise", post_id)
    kind = KINDS[int(draws.integers(len(KINDS)))]
    return kind(_shrink(picture), severity, draws)


def gaussian(picture: Image.Image, severity: int, draws: np.random.Generator) -> Image.Image:
    """Noise on every channel of every pixel."""
    values = np.asarray(picture, dtype=np.float32) / 255
    values = values + GAUSSIAN[severity - 1] * draws.standard_normal(values.shape, np.float32)
    return Image.fromarray((values.clip(0, 1) * 255).round().astype(np.uint8))


def blur(picture: Image.Image, severity: int, _draws: np.random.Generator) -> Image.Image:
    """A Gaussian blur."""
    return picture.filter(ImageFilter.GaussianBlur(BLUR[severity - 1]))


def jpeg(picture: Image.Image, severity: int, _draws: np.random.Generator) -> Image.Image:
    """What JPEG leaves of it."""
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=JPEG[severity - 1])
    return Image.open(data, formats=["JPEG"]).convert("RGB")


def pixelate(picture: Image.Image, severity: int, _draws: np.random.Generator) -> Image.Image:
    """Shrunk, and enlarged to what it was."""
    small = [max(1, int(side * PIXELATE[severity - 1])) for side in picture.size]
    return picture.resize((small[0], small[1]), Image.Resampling.BOX).resize(
        picture.size, Image.Resampling.BOX
    )


KINDS: tuple[Callable[[Image.Image, int, np.random.Generator], Image.Image], ...] = (
    gaussian,
    blur,
    jpeg,
    pixelate,
)


def _shrink(picture: Image.Image) -> Image.Image:
    shorter, longer = sorted(picture.size)
    factor = min(_SHORTER_SIDE / shorter, _LONGER_SIDE / longer)
    if factor >= 1:
        return picture
    width, height = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)
