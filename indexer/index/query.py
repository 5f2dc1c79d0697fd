"""A query and its results, in words that both engines understand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posts.phrases import Keyphrase

STRONG, MEDIUM = 0.5, 0.2
"""Keyphrases are matched in three fields by their score: strong from 0.5, medium from 0.2, weak
below. Fields of their own let both engines weigh a match by the phrase's score alike."""

BOOSTS: Mapping[str, float] = {"strong": 4.0, "medium": 2.5, "weak": 1.5, "text": 1.0}
"""Weight of a match in each field: relevance = sum over query words and fields of boost x BM25."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What a person asks.

    A post matches if it has every phrase of `phrases` among its keyphrases, is not older than
    `since` and, if `words` has any, contains enough of the words (all of one or two; else three
    quarters, rounded down) in its text or its keyphrases.
    """

    words: str = ""
    phrases: tuple[str, ...] = ()
    since: datetime | None = None
    limit: int = 10
    facets: bool = False
    """Count keyphrases over all matching posts."""
    facet_size: int = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    id: str
    score: float
    text: str
    keyphrases: tuple[Keyphrase, ...]
    highlight: str
    """A passage of the text, HTML-escaped, matched words in <mark>...</mark>; the start of the
    text if no word of it matched."""
    created_at: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facet:
    phrase: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    total: int
    """Exact number of matching posts."""
    took_ms: float
    hits: tuple[Hit, ...]
    """By falling score, ties by id."""
    facets: tuple[Facet, ...] = ()
    """By falling count, ties by phrase."""
