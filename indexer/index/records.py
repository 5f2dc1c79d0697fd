"""What an index holds: documents, dead letters, and the hashes that make it the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from indexer.index.vectors import Vectors
from posts.errors import Reason
from posts.phrases import Keyphrase


@dataclass(frozen=True, slots=True)
class Held:
    """The two hashes an index holds for a post (hexadecimal)."""

    generation: str
    """Over all that decides the keyphrases: text, picture, model, generation settings."""
    document: str
    """Over the generation hash, the date and the extra fields."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A post with its keyphrases, as indexed; its id is the document's id."""

    id: str
    text: str
    created_at: datetime | None
    """Time zone aware, UTC."""
    image_uri: str | None
    has_picture: bool
    extra: Mapping[str, Any]
    keyphrases: tuple[Keyphrase, ...]
    """Best first; phrases are in display form (see `posts.phrases`)."""
    held: Held
    vectors: Vectors | None = None
    """None: the model has none."""
    alignment: float | None = None
    """Probability that picture and text belong together; None: unknown, or one of them lacks."""
    picture_dropped: bool = False
    """The keyphrases are of the text alone, which the picture does not fit."""
    was_dead: bool = False
    """A dead letter with this id is to be removed."""
    lead_picture: int = 0
    """Which of its pictures is shown for it, from 0."""
    summary: str | None = None
    """Some sentences of a long text, for people; None: the text is short."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentUpdate:
    """New date and extra fields for a document whose keyphrases stay."""

    id: str
    created_at: datetime | None
    image_uri: str | None
    extra: Mapping[str, Any]
    held: Held
    was_dead: bool = False
    """As of a `Document`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetter:
    """A post that could not be indexed, and why."""

    key: str
    """The post's id or, if it has none of its own, where it was read (`file:row`)."""
    id: str
    source: str
    reason: Reason
    detail: str
    transient: bool
    """The next run tries again."""
    generation: str
    """Generation hash of the post, empty if the record was too broken to have one."""
    run: str
    at: datetime
    replaces: bool = False
    """A document with this id is to be removed."""


@dataclass(frozen=True, slots=True)
class DeadHeld:
    """What the index knows of a dead letter without reading it all."""

    generation: str
    reason: Reason
    detail: str
    transient: bool


LAYOUT = 2
"""Of the fields in which documents are searched; raise it when they must be written anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """What a version of an index was built with."""

    model: str
    """`NAME@VERSION`, for people."""
    model_digest: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""
    """The run that created it."""
    layout: int = LAYOUT
    dimensions: int = 0
    """Of the vectors of its documents; 0: they have none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestones:
    """How far a version of an index has come."""

    finished: datetime | None = None
    """When the run that filled it first was done: all of a dump is in it."""
    promoted: datetime | None = None
    """When it first became the live one; a version that never was is the work of a rebuild."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexVersion:
    """A version of an index, as people see it."""

    number: int
    build: Build
    milestones: Milestones
    documents: int
    live: bool

    @property
    def status(self) -> str:
        """`live`; `previous`: it was; `ready`: it was not yet, and is whole; or `unfinished`."""
        if self.live:
            return "live"
        if self.milestones.promoted is not None:
            return "previous"
        return "ready" if self.milestones.finished is not None else "unfinished"


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """A version of an index in a few numbers."""

    documents: int
    without_keyphrases: int
    totals: Mapping[str, int]
    """How many posts some queries find, by their words."""

    @property
    def share_without_keyphrases(self) -> float:
        return self.without_keyphrases / self.documents if self.documents else 0.0
