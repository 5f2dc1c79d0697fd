"""What people ask of an index: its live version, whichever engine it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.index.query import Hit, Query, Results
from indexer.index.vectors import Modality


@dataclass(frozen=True, slots=True)
class ScoredPhrase:
    """A keyphrase, one of the scores that it has, and how many posts have it with that score."""

    phrase: str
    score: float
    """In hundredths, 0 to 1."""
    posts: int


class Reader(Protocol):
    """Reads the live version; safe to be used by many threads.

    Opening one does not touch the server. Every method raises `InputError` if there is no live
    version, the engine cannot be reached or refuses.
    """

    location: str

    def search(self, query: Query) -> Results: ...

    def post(self, id: str) -> Hit | None:
        """The post of this id, its score 0 and its highlight the start of its text."""
        ...

    def posts_with_phrases(self, phrases: Sequence[str]) -> Mapping[str, int]:
        """How many posts have each keyphrase, given in display form; exact."""
        ...

    def posts_with_words(self, terms: Sequence[str]) -> Mapping[str, int]:
        """How many posts have each word, as the index holds it, in any field; exact."""
        ...

    def dimensions(self) -> int:
        """Of the vectors that posts have; 0: they have none."""
        ...

    def nearest(
        self, vector: Sequence[float], modality: Modality, query: Query, count: int
    ) -> list[str]:
        """Ids of the `count` posts whose text or picture is nearest to a vector, the nearest first.

        Of posts that meet the query's conditions; its words mean nothing here. The vector has as
        many `dimensions` as theirs, which are not 0.
        """
        ...

    def vocabulary(self) -> Iterator[ScoredPhrase]:
        """All keyphrases with their scores, in no order. Those of posts that are no longer there
        may be among them for a while."""
        ...

    def state(self) -> str | None:
        """The same as long as nothing that is searched has changed; None: that is not known."""
        ...

    def close(self) -> None: ...
