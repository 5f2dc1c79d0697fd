"""A fixed mix of queries: 1 to 4 words, a third with filters, a tenth with a typo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.searching.corpus import Corpus

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A query in parts, for engines that do not read the query language."""

    words: tuple[str, ...]
    phrase: str | None = None
    since: str | None = None
    has_picture: bool = False

    @property
    def query(self) -> str:
        """In the query language."""
        parts = list(self.words)
        parts += [f'key:"{self.phrase}"'] if self.phrase else []
        parts += [f"since:{self.since}"] if self.since else []
        parts += ["has:picture"] if self.has_picture else []
        return " ".join(parts)


def queries(corpus: Corpus, count: int, seed: int = 1) -> list[Asked]:
    """Half of the words are as frequent as in texts, so the most frequent ones are among them;
    half are of the keyphrases."""
    chance = np.random.default_rng(seed)
    asked = []
    for number in range(count):
        length = 1 + number % 4
        frequent = corpus.draw_words(chance, length)
        telling = " ".join(corpus.draw_phrases(chance, length)).split()
        words = [
            frequent[place] if chance.random() < 0.5 else telling[place] for place in range(length)
        ]
        if number % 10 == 9:
            longest = max(range(length), key=lambda place: len(words[place]))
            words[longest] = _mistyped(chance, words[longest])
        filtered = number % 3 == 2
        kind = int(chance.integers(3)) if filtered else -1
        asked.append(
            Asked(
                words=tuple(words),
                phrase=corpus.draw_phrases(chance, 1)[0] if kind == 0 else None,
                since=f"20{int(chance.integers(17, 26))}-01-01" if kind == 1 else None,
                has_picture=kind == 2,
            )
        )
    return asked


def typed(corpus: Corpus, count: int, seed: int = 2) -> list[str]:
    """Beginnings of keyphrases, from one letter on; a fifth of the longer ones mistyped."""
    chance = np.random.default_rng(seed)
    beginnings = []
    for phrase in corpus.draw_phrases(chance, count):
        beginning = phrase[: int(chance.integers(1, len(phrase) + 1))]
        mistyped = len(beginning) >= 4 and chance.random() < 0.2
        beginnings.append(_mistyped(chance, beginning) if mistyped else beginning)
    return beginnings


def _mistyped(chance: np.random.Generator, text: str) -> str:
    place = int(chance.integers(1, max(2, len(text))))
    return text[:place] + _LETTERS[int(chance.integers(26))] + text[place + 1 :]
