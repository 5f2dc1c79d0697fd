"""Pictures made worse."""

import numpy as np
import pytest
from PIL import Image

from trainer.scenarios import image_noise
from trainer.scenarios.image_noise import KINDS, corrupt

_SPOTS = np.random.default_rng(0).integers(0, 256, (18, 24, 3), dtype=np.uint8)
NOISE = Image.fromarray(_SPOTS).resize((120, 90), Image.Resampling.BICUBIC)
"""Spots of a few pixels, so that there is something to lose at any severity."""


def distance(one: Image.Image, other: Image.Image) -> float:
    values = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    return float(np.abs(values[0] - values[1]).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_each_severity_is_worse_than_the_one_before(kind) -> None:  # type: ignore[no-untyped-def]
    far = [distance(kind(NOISE, s, np.random.default_rng(0)), NOISE) for s in range(1, 6)]
    assert far[0] > 0
    assert far == sorted(set(far))
    assert far[-1] > 1.5 * far[0]


def test_the_severities_are_the_published_ones() -> None:
    assert image_noise.GAUSSIAN == (0.08, 0.12, 0.18, 0.26, 0.38)
    assert image_noise.BLUR == (1, 2, 3, 4, 6)
    assert image_noise.JPEG == (25, 18, 15, 10, 7)
    assert image_noise.PIXELATE == (0.6, 0.5, 0.4, 0.3, 0.25)


def test_gaussian_noise_has_the_deviation_it_says() -> None:
    grey = Image.new("RGB", (200, 200), (128, 128, 128))
    noisy = image_noise.gaussian(grey, 2, np.random.default_rng(0))
    assert np.asarray(noisy).std() / 255 == pytest.approx(0.12, abs=0.003)


def test_a_post_s_noise_is_the_same_each_time_and_all_kinds_occur() -> None:
    seen = set()
    for number in range(40):
        first, again = (corrupt(NOISE, 3, f"post-{number}").tobytes() for _ in range(2))
        assert first == again
        for kind in (image_noise.blur, image_noise.jpeg, image_noise.pixelate):
            if first == kind(NOISE, 3, np.random.default_rng(0)).tobytes():
                seen.add(kind)
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1024, 512), (512, 256)), ((99_000, 1), (4096, 1)), ((30, 40), (30, 40))],
)
def test_large_pictures_are_shrunk_first(size: tuple[int, int], expected: tuple[int, int]) -> None:
    for number in range(8):
        assert corrupt(Image.new("RGB", size), 1, str(number)).size == expected
