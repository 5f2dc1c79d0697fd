"""Made-up posts for searching: words and keyphrases as frequent as Zipf has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.index.records import Document, Held
from posts.phrases import Keyphrase

WORDS, PHRASES = 50_000, 200_000
"""Different ones."""
_SYLLABLES = [first + last for first in "bdfghjklmnprstvz" for last in ("a", "e", "i", "o", "u")]
_MEAN_WORDS = 30
"""Of a text."""
_MOST_PHRASES = 8
"""Of a post; 0 is as frequent as any other number."""
_FIRST_DAY = datetime(2016, 1, 1, tzinfo=UTC)
_DAYS = 3_650
_CHUNK = 10_000


@dataclass(frozen=True)
class Corpus:
    """Posts that follow from their number and the seed."""

    posts: int
    seed: int = 0

    @cached_property
    def words(self) -> list[str]:
        """The most frequent first; the frequent ones are short."""
        chance = np.random.default_rng(self.seed)
        words: dict[str, None] = {}
        while len(words) < WORDS:
            length = 1 + int(np.log2(2 + len(words)) / 4)
            drawn = chance.integers(len(_SYLLABLES), size=length + int(chance.integers(2)))
            words["".join(_SYLLABLES[each] for each in drawn)] = None
        return list(words)

    @cached_property
    def phrases(self) -> list[str]:
        chance = np.random.default_rng(self.seed + 1)
        drawn = chance.zipf(1.2, size=(3 * PHRASES, 3)) % WORDS
        lengths = chance.integers(1, 4, size=3 * PHRASES)
        phrases = dict.fromkeys(
            " ".join(self.words[each] for each in row[:length])
            for row, length in zip(drawn, lengths, strict=True)
        )
        return list(phrases)[:PHRASES]

    def chunks(self) -> Iterator[list[Document]]:
        """All posts, some at a time."""
        for start in range(0, self.posts, _CHUNK):
            yield self._chunk(start, min(_CHUNK, self.posts - start))

    def draw_words(self, chance: np.random.Generator, count: int) -> list[str]:
        """As the texts have them, so mostly frequent ones."""
        return [self.words[each] for each in chance.choice(WORDS, size=count, p=_zipf(WORDS))]

    def draw_phrases(self, chance: np.random.Generator, count: int) -> list[str]:
        drawn = chance.choice(len(self.phrases), size=count, p=_zipf(len(self.phrases)))
        return [self.phrases[each] for each in drawn]

    def _chunk(self, start: int, count: int) -> list[Document]:
        chance = np.random.default_rng((self.seed, start))
        lengths = np.minimum(500, chance.lognormal(np.log(_MEAN_WORDS) - 0.3, 0.8, count)).astype(
            int
        )
        phrase_counts = chance.integers(0, _MOST_PHRASES + 1, size=count)
        words = iter(self.draw_words(chance, int(lengths.sum())))
        phrases = iter(self.draw_phrases(chance, int(phrase_counts.sum())))
        scores = chance.beta(1.2, 2.0, size=int(phrase_counts.sum()))
        days = chance.integers(_DAYS * 24 * 60, size=count)
        at = 0
        posts = []
        for number in range(count):
            own = dict.fromkeys(next(phrases) for _ in range(phrase_counts[number]))
            marks = sorted(scores[at : at + len(own)], reverse=True)
            at += int(phrase_counts[number])
            posts.append(
                Document(
                    id=f"post-{start + number}",
                    text=" ".join(next(words) for _ in range(lengths[number])),
                    created_at=_FIRST_DAY + timedelta(minutes=int(days[number])),
                    image_uri=None,
                    has_picture=bool(number % 2),
                    extra={},
                    keyphrases=tuple(map(Keyphrase, own, map(float, marks))),
                    held=Held(f"{start + number:032x}", f"{start + number:032x}"),
                )
            )
        return posts


_weights: dict[int, NDArray[np.float64]] = {}


def _zipf(count: int) -> NDArray[np.float64]:
    if count not in _weights:
        weights = 1 / (np.arange(count) + 2.7)
        _weights[count] = weights / weights.sum()
    return _weights[count]
