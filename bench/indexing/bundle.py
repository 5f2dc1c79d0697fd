"""The small base as a model of a store, as it ships."""

from __future__ import annotations

import tempfile
from pathlib import Path

from model_store.base import load_base
from model_store.base_names import SMALL
from model_store.bundle import save_bundle
from model_store.generation import GenerationSettings
from model_store.lora import LoraSettings, attach_lora
from model_store.store import Store

MODEL = "small@1"


def small_bundle(store: Path) -> tuple[Path, str]:
    """Publishes it with settings of generation that nobody changed; the store, and its name."""
    base = load_base(SMALL)
    attach_lora(base.model, base.family, LoraSettings())
    with tempfile.TemporaryDirectory() as temporary:
        bundle = Path(temporary) / "bundle"
        save_bundle(bundle, base, generation=GenerationSettings(), training={}, metrics={}, data={})
        Store(str(store)).publish("small", bundle)
    return store, MODEL
