"""The base: the pretrained model that training starts from and a bundle builds on.

A base is named by a local folder, a hub id (`owner/name`), `small`, the one that ships, or
`pocket`, the one that is put together from weights in two packages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    StrictDataclassError,
)
from safetensors import SafetensorError
from transformers import AutoConfig, GenerationConfig, PreTrainedModel, ProcessorMixin
from transformers.utils import logging

from model_store.base_names import POCKET, SMALL
from model_store.card import BaseIdentity
from model_store.families import Family, family_of
from model_store.mapped_weights import map_weights
from model_store.pocket.conversion import pocket_folder
from posts.errors import InputError

_SHIPPED = Path(__file__).parent / "bases"
_HUB_FILES = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja"]
"""Weights in safetensors, and text; never pickles and never code."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base, loaded."""

    model: PreTrainedModel
    processor: ProcessorMixin
    family: Family
    identity: BaseIdentity


def identify_base(name: str, revision: str = "") -> BaseIdentity:
    """Which base a name means, without loading it; `InputError` if none, or of no family."""
    folder = _find(name, revision)
    _family(name, folder)
    return _identity(name, folder)


def load_base(
    name: str,
    *,
    dtype: torch.dtype | None = torch.float32,
    revision: str = "",
    processor: Path | None = None,
) -> Base:
    """Loads model and processor; `InputError` if it is not there, not whole, or of no family.

    With None for `dtype`, weights are as they are stored and not copied: each is a part of its file
    that is mapped into memory, and given back when nothing uses it any more. `processor` is the
    folder of another one than the base's own.
    """
    folder = _find(name, revision)
    family = _family(name, folder)
    with _errors(name):
        model, lacking = _load_weights(family, folder, dtype)
        loaded = family.load_processor(processor or folder)
    if lacking:
        raise InputError(
            f"the base {name} is not whole: {len(lacking)} weights are missing or of the wrong "
            f"shape, among them {lacking[0]}; fetch it again"
        )
    # What the base's makers set for chatting (sampling, penalties) must not leak into beam search.
    model.generation_config = GenerationConfig()
    return Base(
        model=model.eval(), processor=loaded, family=family, identity=_identity(name, folder)
    )


def _family(name: str, folder: Path) -> Family:
    with _errors(name):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return family_of(config)


def _load_weights(
    family: Family, folder: Path, dtype: torch.dtype | None
) -> tuple[PreTrainedModel, list[str]]:
    """The model, and the names of weights it should have had; transformers would only warn."""
    source = {"pretrained_model_name_or_path": folder, "use_safetensors": True, "dtype": dtype}
    if dtype is None:
        source = {
            "pretrained_model_name_or_path": None,
            "config": family.config,
            "state_dict": map_weights(folder),
            "dtype": "auto",
        }
    with _no_progress_bar():
        model, info = family.model_class.from_pretrained(
            **source,
            local_files_only=True,
            attn_implementation="sdpa",
            output_loading_info=True,
        )
    return model, sorted(map(str, [*info["missing_keys"], *info["mismatched_keys"]]))


@contextmanager
def _errors(name: str) -> Iterator[None]:
    try:
        yield
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        SafetensorError,
        StrictDataclassError,
    ) as error:
        raise InputError(f"the base {name} cannot be loaded: {_first_line(error)}") from error


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _find(name: str, revision: str) -> Path:
    if name == POCKET:
        return pocket_folder()
    folder = _SHIPPED / SMALL if name == SMALL else Path(name).expanduser()
    if not folder.is_dir() and name != SMALL and name.count("/") == 1 and name[0] not in "./~":
        folder = _download(name, revision)
    if not (folder / "config.json").is_file():
        raise InputError(
            f"there is no base {name}: name a folder with config.json and safetensors, "
            f"a hub id, {SMALL!r} or {POCKET!r}"
        )
    return folder


def _download(hub_id: str, revision: str) -> Path:
    try:
        return Path(snapshot_download(hub_id, revision=revision or None, allow_patterns=_HUB_FILES))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise InputError(
            f"the base {hub_id} is neither a folder here nor can it be had from the hub: "
            f"{_first_line(error)}"
        ) from error


def _identity(name: str, folder: Path) -> BaseIdentity:
    if name in (SMALL, POCKET):
        return BaseIdentity(name=name, revision="", sha256=_digest(folder))
    if Path(name).expanduser().is_dir():
        # Absolute, for workers have working directories of their own.
        return BaseIdentity(name=str(folder.resolve()), revision="", sha256=_digest(folder))
    # The hub's cache keeps each snapshot in a folder named by its commit.
    return BaseIdentity(name=name, revision=folder.name, sha256=_digest(folder))


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted([folder / "config.json", *folder.glob("*.safetensors")]):
        with file.open("rb") as stream:
            digest.update(file.name.encode() + hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
