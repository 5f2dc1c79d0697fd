"""What models see of large pictures that were decoded small, against all of their pixels.

Differences are in the normalised units of each image processor, of what it gives for a picture that
is decoded to the wanted size and for the whole picture. The bounds below are the tolerance.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image
from transformers import (
    CLIPImageProcessorPil,
    Idefics3ImageProcessorPil,
    Qwen2VLImageProcessorPil,
)

from model_store.picture_size import picture_size, wanted_size
from model_store.shipped import SHIPPED_FOLDER
from posts.picture_size import Patches, PictureSize, Shape
from posts.pictures import decode_picture
from tests.large_pictures import checkerboard, gradient, page, photo
from tests.sample_pictures import encoded

HALVES: dict[str, Any] = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
"""As the pocket base and the small one have them, within a hundredth."""


def clip(side: int) -> Any:
    crop = {"height": side, "width": side}
    return CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size=crop, **HALVES)


def squeezing(side: int) -> Any:
    size = {"height": side, "width": side}
    return CLIPImageProcessorPil(size=size, crop_size=size, do_center_crop=False, **HALVES)


def qwen2_vl(pixels: int, patch: int = 14) -> Any:
    size = {"shortest_edge": 4 * patch**2, "longest_edge": pixels}
    return Qwen2VLImageProcessorPil(patch_size=patch, size=size)


PROCESSORS = {
    "pocket": squeezing(224),
    "small": clip(72),
    "clip": CLIPImageProcessorPil(
        size={"shortest_edge": 336}, crop_size={"height": 336, "width": 336}
    ),
    "idefics3": Idefics3ImageProcessorPil(),
    "tiny idefics3": Idefics3ImageProcessorPil(
        size={"longest_edge": 64}, max_image_size={"longest_edge": 32}
    ),
    "qwen2_vl": qwen2_vl(28 * 28 * 1280),
    "tiny qwen2_vl": qwen2_vl(32 * 32, patch=4),
}


class Tolerance(NamedTuple):
    mean: float
    of_all_but_a_thousandth: float


PHOTO = Tolerance(0.006, 0.08)
SMOOTH = Tolerance(0.003, 0.03)
TEXT = Tolerance(0.03, 0.4)
"""Letters that are scaled down to some pixels."""
PATTERN = Tolerance(0.04, 0.12)
EXACT = Tolerance(0, 0)

TOLERANCES = {
    "photo": PHOTO,
    "odd": PHOTO,
    "turned": PHOTO,
    "gradient": SMOOTH,
    "page": TEXT,
    "checkerboard": PATTERN,
    "png": Tolerance(0.006, 0.04),
    "small enough": EXACT,
}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    exif = Image.Exif()
    exif[0x0112] = 6
    large, odd = photo(1), photo(2, (2501, 1703))
    return {
        "photo": encoded(large, "JPEG", quality=90),
        "odd": encoded(odd, "JPEG", quality=90),
        "turned": encoded(odd, "JPEG", quality=90, exif=exif),
        "gradient": encoded(gradient(), "JPEG", quality=90),
        "page": encoded(page(), "JPEG", quality=90),
        "checkerboard": encoded(checkerboard(3), "JPEG", quality=90),
        "png": encoded(large.crop((0, 0, 2000, 1400)), "PNG", compress_level=1),
        "small enough": encoded(odd.crop((0, 0, 48, 31)), "JPEG"),
    }


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_model_sees_the_same_within_a_tolerance(name: str, files: dict[str, bytes]) -> None:
    processor = PROCESSORS[name]
    size = wanted_size(processor.to_dict())
    for kind, data in files.items():
        small = processor(decode_picture(data, size=size), return_tensors="np")["pixel_values"]
        whole = processor(decode_picture(data), return_tensors="np")["pixel_values"]
        assert small.shape == whole.shape, kind
        difference = np.abs(small - whole)
        found = Tolerance(float(difference.mean()), float(np.quantile(difference, 0.999)))
        allowed = TOLERANCES[kind]
        assert found.mean <= allowed.mean, (kind, found)
        assert found.of_all_but_a_thousandth <= allowed.of_all_but_a_thousandth, (kind, found)


@pytest.mark.parametrize("name", ["pocket", "clip", "small", "qwen2_vl", "tiny qwen2_vl"])
def test_no_more_pixels_travel_than_the_model_sees(name: str) -> None:
    processor = PROCESSORS[name]
    size = wanted_size(processor.to_dict())
    picture = decode_picture(encoded(gradient((1900, 1400)), "JPEG"), size=size)
    pixels = processor(picture, return_tensors="np")["pixel_values"]
    # Qwen2-VL is given every pixel twice: a still picture is a film of two.
    assert pixels.size / (2 if "qwen" in name else 1) == 3 * picture.width * picture.height


@pytest.mark.parametrize(
    ("config", "size"),
    [
        ({"size": 224}, PictureSize(side=224)),
        ({"size": {"height": 384, "width": 384}}, PictureSize(side=384)),
        ({"size": {"shortest_edge": 256}, "crop_size": 224}, PictureSize(side=256)),
        ({"size": {"shortest_edge": 4000}}, PictureSize(side=1024)),
        ({}, PictureSize(side=1024)),
        ({"size": {"shortest_edge": 72}, "do_resize": False}, PictureSize(side=1024)),
        (
            {"size": {"height": 384, "width": 384}, "image_processor_type": "SiglipImageProcessor"},
            PictureSize(side=384, shape=Shape.STRETCHED),
        ),
        (
            {
                "image_processor_type": "CLIPImageProcessorFast",
                "size": {"shortest_edge": 256},
                "crop_size": {"height": 224, "width": 224},
                "do_center_crop": True,
            },
            PictureSize(side=256),
        ),
        (
            {"image_processor_type": "Qwen2VLImageProcessor", "max_pixels": 784 * 256},
            PictureSize(patches=Patches(side=28, pixels=784 * 256)),
        ),
        (
            {"image_processor_type": "Qwen2VLImageProcessor", "max_pixels": 12_845_056},
            PictureSize(side=1024),
        ),
        (
            {"size": {"shortest_edge": 72}, "resample": 2},
            PictureSize(side=72, resample=Image.Resampling.BILINEAR),
        ),
        ({"size": {"shortest_edge": 72}, "resample": 0}, PictureSize(side=72)),
    ],
)
def test_the_size_is_read_from_the_image_processors_config(
    config: dict[str, Any], size: PictureSize
) -> None:
    assert wanted_size(config) == size


def test_a_bundle_says_which_size_it_wants(tmp_path: Path) -> None:
    shipped = PictureSize(side=224, shape=Shape.STRETCHED)
    assert picture_size(SHIPPED_FOLDER / "pocket" / "v000001") == shipped
    assert picture_size(tmp_path) == PictureSize(side=1024)
    (tmp_path / "processor").mkdir()
    old = tmp_path / "processor" / "preprocessor_config.json"
    old.write_text(json.dumps({"size": {"shortest_edge": 99}}))
    assert picture_size(tmp_path) == PictureSize(side=99)
