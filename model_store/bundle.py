"""The bundle: a trained model on disk, without its base.

    adapter_model.safetensors, adapter_config.json    the LoRA adapter, as peft keeps it
    projector.safetensors                             the projector, whole
    processor/                                        tokenizer, chat template, picture settings
    alignment.safetensors, alignment.json             heads that give vectors; optional
    insight.jsonl, insight.png                        how its training went, for people; optional
    card.json                                         see `model_store.card`; written last

Nothing in it is code or a pickle, and nothing but what the card names is ever read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedModel, ProcessorMixin

from model_store.alignment.alignment import (
    ALIGNMENT_FACTS,
    ALIGNMENT_WEIGHTS,
    Alignment,
    read_facts,
)
from model_store.base import Base, load_base
from model_store.card import CARD_FILE, Card
from model_store.families import Family
from model_store.generation import GenerationSettings
from model_store.lora import LoraSettings, attach_lora, lora_settings, lora_weights
from model_store.seal import check_bundle, sha256
from posts.errors import InputError
from posts.files.local import LocalFiles

_ADAPTER = "adapter_model.safetensors"
_ADAPTER_CONFIG = "adapter_config.json"
_PROJECTOR = "projector.safetensors"
_PROCESSOR = "processor"


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A bundle, loaded onto its base, with the adapter attached and trainable parts as saved."""

    model: PreTrainedModel
    processor: ProcessorMixin
    family: Family
    card: Card
    alignment: Alignment | None = None
    """Heads that give vectors; None if it has none."""


def save_bundle(
    folder: Path,
    base: Base,
    *,
    generation: GenerationSettings,
    training: Mapping[str, Any],
    metrics: Mapping[str, Any],
    data: Mapping[str, Any],
    insight: Mapping[str, bytes] | None = None,
    alignment: Alignment | None = None,
) -> Card:
    """Writes adapter and projector of `base.model` (see `attach_lora`) to a new or empty folder.

    With `alignment` the bundle has vectors, without it none.
    `insight` has the content of those of `card.INSIGHT_FILES` that there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InputError(f"{folder} is not empty: a bundle needs a folder of its own")
    config = _adapter_config(base.family, lora_settings(base.model))
    (folder / _ADAPTER_CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True))
    _save(lora_weights(base.model), folder / _ADAPTER)
    _save(base.family.projector(base.model).state_dict(), folder / _PROJECTOR)
    base.processor.save_pretrained(folder / _PROCESSOR)
    for name, content in (insight or {}).items():
        (folder / name).write_bytes(content)
    if alignment is not None:
        _save_alignment(folder, alignment)
    written = LocalFiles(folder)
    card = Card(
        base=base.identity,
        family=base.family.name,
        generation=generation,
        training=training,
        metrics=metrics,
        data=data,
        files={info.name: sha256(written, info.name) for info in written.list()},
    )
    (folder / CARD_FILE).write_bytes(card.to_json())
    return card


def load_bundle(folder: Path, *, dtype: torch.dtype | None = torch.float32) -> Bundle:
    """Checks every file, loads the base (see `load_base`) and puts the bundle on it, strictly.

    `InputError`: corrupt bundle, keys missing or unexpected, or another base than the bundle's.
    """
    card = check_bundle(LocalFiles(folder))
    base = load_base(
        card.base.name,
        dtype=dtype,
        revision=card.base.revision,
        processor=folder / _PROCESSOR,
    )
    if base.identity.sha256 != card.base.sha256:
        raise InputError(
            f"the base {card.base.name} has changed since {folder.name} was trained on it; "
            "bring the old one back or train anew"
        )
    attach_lora(base.model, base.family, _read_adapter_config(folder, base.family))
    _fill(lora_weights(base.model), folder / _ADAPTER)
    _fill(base.family.projector(base.model).state_dict(), folder / _PROJECTOR)
    return Bundle(
        model=base.model,
        processor=base.processor,
        family=base.family,
        card=card,
        alignment=_load_alignment(folder) if ALIGNMENT_FACTS in card.files else None,
    )


def add_alignment(
    bundle: Path, folder: Path, alignment: Alignment, training: Mapping[str, Any]
) -> Card:
    """Copies a bundle to a new or empty folder and gives it these heads, in place of any it had.

    All else stays as it is to the bit. `training` is how the heads were trained, for the card.
    """
    card = check_bundle(LocalFiles(bundle))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InputError(f"{folder} is not empty: a bundle needs a folder of its own")
    for name in card.files.keys() - {ALIGNMENT_WEIGHTS, ALIGNMENT_FACTS}:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((bundle / name).read_bytes())
    _save_alignment(folder, alignment)
    written = LocalFiles(folder)
    card = replace(
        card,
        training={**card.training, "alignment": dict(training)},
        files={info.name: sha256(written, info.name) for info in written.list()},
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    (folder / CARD_FILE).write_bytes(card.to_json())
    return card


def _save_alignment(folder: Path, alignment: Alignment) -> None:
    (folder / ALIGNMENT_FACTS).write_bytes(alignment.facts())
    _save(alignment.heads.state_dict(), folder / ALIGNMENT_WEIGHTS)


def _load_alignment(folder: Path) -> Alignment:
    alignment = read_facts(folder / ALIGNMENT_FACTS)
    _fill(alignment.heads.state_dict(), folder / ALIGNMENT_WEIGHTS)
    return alignment


def _adapter_config(family: Family, settings: LoraSettings) -> dict[str, Any]:
    """What peft needs to load the adapter too, and nothing that could make it do more."""
    return {
        "peft_type": "LORA",
        "r": settings.r,
        "lora_alpha": settings.alpha,
        "lora_dropout": settings.dropout,
        "target_modules": family.lora_targets,
        "bias": "none",
    }


def _read_adapter_config(folder: Path, family: Family) -> LoraSettings:
    try:
        found = json.loads((folder / _ADAPTER_CONFIG).read_bytes())
        settings = LoraSettings(
            r=found["r"], alpha=found["lora_alpha"], dropout=found["lora_dropout"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"corrupt bundle {folder}: {_ADAPTER_CONFIG} is not readable") from error
    if found != _adapter_config(family, settings):
        raise InputError(f"corrupt bundle {folder}: {_ADAPTER_CONFIG} is not that of plain LoRA")
    return settings


def _save(weights: Mapping[str, Tensor], file: Path) -> None:
    save_file({name: one.detach().cpu().contiguous() for name, one in weights.items()}, file)


def _fill(weights: Mapping[str, Tensor], file: Path) -> None:
    """Copies a file into weights; its names and shapes must be exactly theirs."""
    try:
        found = load_file(file)
    except SafetensorError as error:
        raise InputError(f"corrupt bundle: {file} is not readable") from error
    missing, unexpected = sorted(weights.keys() - found), sorted(found.keys() - weights)
    if missing or unexpected:
        listed = [f"missing {_some(missing)}"] * bool(missing)
        listed += [f"unexpected {_some(unexpected)}"] * bool(unexpected)
        raise InputError(f"corrupt bundle: {file} does not fit its base: {'; '.join(listed)}")
    for name, weight in weights.items():
        if weight.shape != found[name].shape:
            raise InputError(f"corrupt bundle: {name} in {file} has the wrong shape")
        weight.data.copy_(found[name])


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
