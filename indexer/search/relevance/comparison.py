"""The comparison: the same queries asked of texts, of keyphrases, and of both.

What concerns keyphrases is measured several times, each time as if those below a threshold had
never been indexed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.index.query import Query, Within
from indexer.index.reader import Reader
from indexer.index.records import Document
from indexer.search.relevance.judgements import Judgements
from indexer.search.relevance.measures import DEPTH, NDCG, measure
from indexer.search.relevance.progress import Progress
from indexer.search.relevance.resampling import Resampled, Scores
from indexer.search.relevance.trial_index import trial_index
from indexer.search.tokens import as_words


@dataclass(frozen=True, kw_only=True)
class AtThreshold:
    """What keyphrases are worth if none scores below the threshold."""

    threshold: float
    keyphrases_per_post: float
    keyphrases_only: Scores
    both: Scores
    difference: Scores
    """`both` less text only, of the same queries."""
    behind_best: Scores
    """`both` at the threshold where its nDCG@10 is best, less `both` here."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All ways to search, measured."""

    text_only: Scores
    thresholds: Sequence[AtThreshold]
    """By rising threshold; the first is 0, the index as it is."""

    @property
    def as_it_is(self) -> AtThreshold:
        return self.thresholds[0]

    @property
    def recommended(self) -> AtThreshold:
        """The lowest threshold that is not behind the best one by more than chance.

        A keyphrase that is not indexed is gone for filters and facets too. So it is to stay unless
        search is the better for its going, which the interval of the difference has to say.
        """
        return next(one for one in self.thresholds if one.behind_best[NDCG].interval[0] <= 0)


def compare(
    documents: Sequence[Document],
    judgements: Judgements,
    thresholds: Sequence[float],
    *,
    seed: int,
    progress: Progress,
) -> Comparison:
    """Asks all queries in all ways; `seed` is that of the resamples.

    thresholds: rising, from 0 on. A judged post that is not among the documents is never found.
    """
    queries = _Queries(judgements, seed, progress, ways=1 + 2 * len(thresholds))
    text: Resampled | None = None
    found: list[tuple[Resampled, Resampled]] = []
    for threshold in thresholds:
        with trial_index(documents, threshold) as reader:
            if text is None:
                text = queries.asked(reader, Within.TEXT)
            found.append((queries.asked(reader, Within.KEYPHRASES), queries.asked(reader, None)))
    if text is None:
        raise ValueError("there must be a threshold")
    best = max((both for _, both in found), key=lambda both: both.scores()[NDCG].value)
    return Comparison(
        text_only=text.scores(),
        thresholds=[
            AtThreshold(
                threshold=threshold,
                keyphrases_per_post=_keyphrases_per_post(documents, threshold),
                keyphrases_only=keyphrases.scores(),
                both=both.scores(),
                difference=both.minus(text).scores(),
                behind_best=best.minus(both).scores(),
            )
            for threshold, (keyphrases, both) in zip(thresholds, found, strict=True)
        ],
    )


class _Queries:
    """Asks all queries of an index, one way after the other."""

    def __init__(self, judgements: Judgements, seed: int, progress: Progress, *, ways: int) -> None:
        self._relevant = judgements.relevant
        self._seed = seed
        self._progress = progress
        self._total = ways * len(judgements.relevant)
        self._done = 0

    def asked(self, reader: Reader, within: Within | None) -> Resampled:
        values = []
        for phrase, relevant in self._relevant.items():
            query = Query(words=as_words(phrase), within=within, limit=DEPTH)
            ranking = [hit.id for hit in reader.search(query).hits]
            values.append(measure(ranking, relevant))
            self._done += 1
            self._progress("search", self._done, self._total)
        return Resampled.of(values, self._seed)


def _keyphrases_per_post(documents: Sequence[Document], threshold: float) -> float:
    kept = sum(each.score >= threshold for one in documents for each in one.keyphrases)
    return kept / len(documents)
