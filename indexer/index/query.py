"""A query and its results, in words that both engines understand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from indexer.index.condition import Condition
from posts.phrases import Keyphrase

STRONG, MEDIUM = 0.5, 0.2
"""Keyphrases are matched in three fields by their score: strong from 0.5, medium from 0.2, weak
below. Fields of their own let both engines weigh a match by the phrase's score alike."""


class Within(StrEnum):
    """Where the words of a query are looked for."""

    TEXT = "text"
    KEYPHRASES = "keyphrases"


BOOSTS: Mapping[str, float] = {"strong": 1.0, "medium": 0.5, "weak": 0.25, "text": 1.0}
"""Weight of a match in each field: relevance = sum over query words and fields of boost x BM25.

Chosen by measurement (bench/weights.py): keyphrases that weigh more than texts push down what says
it in its own words, where the model knows the posts well and where it does not. Arrays of embedded
indexes have the boosts in them, and are made anew for others.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list of all hits: right behind the hit that it describes."""

    value: float | None
    """Its score or, by date, its milliseconds since 1970; None: it has no date."""
    id: str
    position: int
    """How many hits come before the place; only a hint, for the index may have changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What a person asks.

    A post matches if it meets `where`, is not older than `since`, is older than `until`, has a
    keyphrase of `least_score` or more and, if `words` has any, contains enough of the words (all
    of one or two; else three quarters, rounded down) in its text or its keyphrases. A word that
    no post contains stands for those that are spelled nearly alike.
    """

    words: str = ""
    where: Condition | None = None
    since: datetime | None = None
    until: datetime | None = None
    least_score: float | None = None
    """Keyphrases of a lower one do not count for `where`; in hundredths."""
    within: Within | None = None
    """Only there words are looked for, those of conditions too; None: in both."""
    enough_words: int | None = None
    """How many of the words a post must have; None: as many as said above."""
    newest_first: bool = False
    """Else the most relevant come first."""
    limit: int = 10
    after: Place | None = None
    """Only hits behind this place; `total` and facets are of all."""
    facets: bool = False
    """Count keyphrases over all matching posts."""
    facet_size: int = 20
    days: bool = False
    """Count the matching posts of each day."""

    @property
    def boosts(self) -> Mapping[str, float]:
        """Of the fields in which words are looked for: none whose keyphrases all score less."""
        if self.within is Within.TEXT:
            return {"text": BOOSTS["text"]}
        wanted = set(BOOSTS)
        if self.within is Within.KEYPHRASES:
            wanted.remove("text")
        least = self.least_score or 0.0
        wanted -= {"weak"} if least >= MEDIUM else set()
        wanted -= {"medium"} if least >= STRONG else set()
        return {name: boost for name, boost in BOOSTS.items() if name in wanted}


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
    has_picture: bool = False
    alignment: float | None = None
    """Probability that text and picture belong together."""
    picture_dropped: bool = False
    """The keyphrases are of the text alone."""
    image_uri: str | None = None
    """Where the picture lies: relative to the dump, or s3://; None: inside the dump's records."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    lead_picture: int = 0
    """Which of its pictures is shown for it, from 0."""
    summary: str | None = None
    """Some sentences of a long text; None: the text is short."""


@dataclass(frozen=True, slots=True)
class Facet:
    phrase: str
    count: int


FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2076, 12, 31)
"""Posts of other days are not counted by day: as many days as both engines count at most."""


@dataclass(frozen=True, slots=True)
class DayCount:
    day: date
    """In UTC."""
    count: int


@dataclass(frozen=True, slots=True)
class AlignmentCount:
    least: float
    below: float
    """The last one counts those of 1, too."""
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    total: int
    """Exact number of matching posts."""
    took_ms: float
    hits: tuple[Hit, ...]
    """By falling score or date, ties by id; posts without a date last."""
    facets: tuple[Facet, ...] = ()
    """By falling count, ties by phrase."""
    days: tuple[DayCount, ...] = ()
    """Those with any posts, the first one first."""
    alignments: tuple[AlignmentCount, ...] = ()
    """Matching posts by how well their picture fits, the worst first; none if none has any."""
    next: Place | None = None
    """Behind the last of the hits, if there are more."""
