"""A store with two tiny models, and one with a model that has vectors."""

from __future__ import annotations

import pytest
from PIL import Image

from model_store.base import load_base
from model_store.bundle import save_bundle
from model_store.generation import GenerationSettings
from model_store.lora import LoraSettings, attach_lora
from model_store.store import Store
from tests.model_store.alignment.test_embedding import alignment_for
from tests.tiny_models import tiny_base


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Has `tiny@1`, and `tiny@2` that writes shorter phrases."""
    folder = tmp_path_factory.mktemp("store")
    base = load_base(str(tiny_base("llava", folder / "bases")))
    attach_lora(base.model, base.family, LoraSettings(r=4, alpha=8))
    for version, tokens in ((1, 6), (2, 4)):
        save_bundle(
            folder / f"bundle-{version}",
            base,
            generation=GenerationSettings(beams=2, max_new_tokens=tokens),
            training={},
            metrics={},
            data={},
        )
        Store(str(folder / "models")).publish("tiny", folder / f"bundle-{version}")
    return str(folder / "models")


@pytest.fixture(scope="session")
def store_with_vectors(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Has `tiny@1`, which gives vectors of 8 dimensions."""
    folder = tmp_path_factory.mktemp("store-with-vectors")
    base = load_base(str(tiny_base("llava", folder / "bases")))
    attach_lora(base.model, base.family, LoraSettings(r=4, alpha=8))
    save_bundle(
        folder / "bundle",
        base,
        generation=GenerationSettings(beams=2, max_new_tokens=4),
        training={},
        metrics={},
        data={},
        alignment=alignment_for(base, lambda *size: Image.new("RGB", size)),
    )
    Store(str(folder / "models")).publish("tiny", folder / "bundle")
    return str(folder / "models")
