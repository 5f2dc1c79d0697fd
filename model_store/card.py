"""The card: what a bundle says of itself, kept in its `card.json`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from model_store.generation import NO_QUANTIZATION, GenerationSettings
from posts.errors import InputError

CARD_FILE = "card.json"
INSIGHT_LINES = "insight.jsonl"
INSIGHT_PLOT = "insight.png"
INSIGHT_FILES = (INSIGHT_LINES, INSIGHT_PLOT)
"""How a training went, for people to read; the program only writes them."""

_LIBRARIES = ("torch", "transformers", "peft", "tokenizers")
_FILE_NAME = re.compile(
    r"(processor/)?[A-Za-z0-9_][A-Za-z0-9_.-]*\.(safetensors|json|jinja|txt|model)"
    rf"|{'|'.join(map(re.escape, INSIGHT_FILES))}"
)
"""No name leads out of the bundle, and none is that of a pickle or of code."""


@dataclass(frozen=True, kw_only=True)
class BaseIdentity:
    """Which base it is, so that a bundle is never put on another one."""

    name: str
    """`small`, `pocket`, a hub id, or the absolute path of a folder."""
    revision: str
    """Commit on the hub; empty for a folder."""
    sha256: str
    """Over the config and all weights."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """Facts of a bundle; `training`, `metrics` and `data` hold JSON values."""

    base: BaseIdentity
    family: str
    generation: GenerationSettings
    files: Mapping[str, str]
    """SHA-256 of every file but the card, by name."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """The config it was trained with."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    """What it was trained on, with a fingerprint."""
    libraries: Mapping[str, str] = field(
        default_factory=lambda: {name: version(name) for name in _LIBRARIES}
    )
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def digest(self) -> str:
        """SHA-256 over all that decides what the model answers: base, files, generation.

        Insight is not among the files: two runs that make the same model are the same model, even
        where a plot could not be drawn.
        """
        generation = asdict(self.generation)
        del generation["batch_size"]  # decides how fast an answer comes, not what it is
        if self.generation.quantization == NO_QUANTIZATION:
            # Cards are older than this setting, and their digests shall stay what they were.
            del generation["quantization"]
        files = {name: sha256 for name, sha256 in self.files.items() if name not in INSIGHT_FILES}
        deciding = [self.base.sha256, files, generation]
        return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> bytes:
        """For `card.json`."""
        content = asdict(self) | {"digest": self.digest}
        return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode()

    @staticmethod
    def from_json(data: bytes) -> Card:
        """Inverse of `to_json`; `ValueError` if anything is missing, odd or does not add up."""
        try:
            content = json.loads(data)
            digest = content.pop("digest")
            base = BaseIdentity(**content.pop("base"))
            generation = GenerationSettings(**content.pop("generation"))
            if lacking := {one.name for one in fields(Card)} - {"base", "generation", *content}:
                raise ValueError(f"{', '.join(sorted(lacking))} missing")
            card = Card(base=base, generation=generation, **content)
            if odd := [name for name in card.files if not _FILE_NAME.fullmatch(name)]:
                raise ValueError(f"file name {odd[0]!r} is not allowed")
            if card.digest != digest:
                raise ValueError("the digest does not fit the content")
        except (KeyError, TypeError, AttributeError, InputError) as error:
            raise ValueError(str(error)) from error
        return card
