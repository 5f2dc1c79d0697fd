"""Tiny bases of all families and a bundle, made once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from model_store.base import Base, load_base
from model_store.bundle import save_bundle
from model_store.generation import GenerationSettings
from model_store.lora import LoraSettings, attach_lora, lora_weights
from tests.tiny_models import FAMILIES, POCKET, tiny_base


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny models are quickest on one thread, above all beside other work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def base_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bases")
    return {family: tiny_base(family, folder) for family in (*FAMILIES, POCKET)}


@pytest.fixture(params=[*FAMILIES, POCKET])
def base(request: pytest.FixtureRequest, base_folders: dict[str, Path]) -> Base:
    """A base of each family in turn, loaded anew."""
    return load_base(str(base_folders[request.param]))


@pytest.fixture
def llava(base_folders: dict[str, Path]) -> Base:
    return load_base(str(base_folders["llava"]))


@pytest.fixture(scope="session")
def picture() -> Callable[..., Image.Image]:
    """Makes a picture of noise: `picture(width, height, seed)`."""

    def make(width: int, height: int, seed: int = 0) -> Image.Image:
        pixels = random.Random(seed).randbytes(width * height * 3)
        return Image.frombytes("RGB", (width, height), pixels)

    return make


def train_a_little(base: Base) -> None:
    """Attaches LoRA and gives adapter and projector weights of their own."""
    attach_lora(base.model, base.family, LoraSettings(r=4, alpha=8))
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in lora_weights(base.model).values():
            weight.normal_(std=0.1)
        for weight in base.family.projector(base.model).parameters():
            weight.add_(0.1)


def save(base: Base, folder: Path, **metrics: float) -> Path:
    """Saves a trained base as a bundle."""
    save_bundle(
        folder,
        base,
        generation=GenerationSettings(max_new_tokens=12),
        training={"epochs": 1},
        metrics=metrics,
        data={"fingerprint": "abc"},
    )
    return folder


@pytest.fixture(scope="session")
def bundle(base_folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LLaVA bundle; not to be changed by a test."""
    base = load_base(str(base_folders["llava"]))
    train_a_little(base)
    return save(base, tmp_path_factory.mktemp("bundles") / "llava")
