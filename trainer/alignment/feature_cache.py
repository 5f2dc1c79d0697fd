"""Features of posts that a model was asked for before, kept below the user's cache."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import load_file, save_file

from model_store.alignment.alignment import ALIGNMENT_FACTS, ALIGNMENT_WEIGHTS
from model_store.base import Base
from model_store.cache import cache_folder
from model_store.card import Card
from model_store.prompt import Prompt
from trainer.alignment.feature_table import FeatureTable
from trainer.training_set import Example, TrainingSet


def cached_features(
    base: Base, card: Card, prompt: Prompt, examples: TrainingSet | Sequence[Example], layer: int
) -> FeatureTable:
    """As `FeatureTable.of`, of the model of that card; computed once for the same posts."""
    key = hashlib.sha256(f"{_model(card)} {layer} {_fingerprint(examples)}".encode()).hexdigest()
    file = cache_folder("features") / f"{key}.safetensors"
    if not file.exists():
        table = FeatureTable.of(base, prompt, examples, layer)
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=file.parent, suffix=".part")
        os.close(handle)
        save_file({"rows": table.rows, "pictures": table.pictures, "texts": table.texts}, part)
        Path(part).replace(file)
    return FeatureTable(**load_file(file))


def _model(card: Card) -> str:
    """All that decides features; so not the heads that read them."""
    heads = (ALIGNMENT_FACTS, ALIGNMENT_WEIGHTS)
    files = sorted((name, one) for name, one in card.files.items() if name not in heads)
    generation = card.generation
    return f"{card.base.sha256} {files} {generation.quantization} {generation.max_text_tokens}"


def _fingerprint(examples: TrainingSet | Sequence[Example]) -> str:
    digest = hashlib.sha256()
    for row in range(len(examples)):
        example = examples[row]
        digest.update(f"{example.text}\0".encode("utf-8", "replace"))
        digest.update(hashlib.sha256(example.image or b"").digest())
    return digest.hexdigest()
