"""Beginnings: phrases by the beginning of any of their words, the heaviest of them at once."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from indexer.index.analysis import tokens
from indexer.search.folding import folded

Range = tuple[int, int]
"""From the first to before the last of beginnings in order."""

_BLOCK = 256
"""Beginnings of which only the heaviest phrase is looked at, unless it is heavy enough."""
_LAST = 0x10FFFF
"""Of all characters."""
_PLAIN_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)?")
"""What a word is where no other letters are (see `indexer.index.analysis`), found much faster."""


class Beginnings:
    """In order; phrases are told by their places in `phrases`, which come by falling weight."""

    def __init__(self, phrases: Sequence[str]) -> None:
        texts: list[str] = []
        places: list[int] = []
        for place, phrase in enumerate(phrases):
            own = starts(phrase)
            texts += own
            places += [place] * len(own)
        # By Arrow, which lets other threads go on meanwhile; in UTF-8 texts have the same order.
        order = pc.sort_indices(pa.array(texts, pa.string())).to_numpy()
        self._texts = [texts[each] for each in order.tolist()]
        self._places = np.array(places, np.int32)[order]
        whole = len(texts) // _BLOCK
        self._tops = self._places[: whole * _BLOCK].reshape(whole, _BLOCK).min(axis=1)

    def range(self, beginning: str, within: Range | None = None) -> Range:
        """All that begin so; `within`: a range that holds them."""
        low, high = within or (0, len(self._texts))
        first = bisect_left(self._texts, beginning, low, high)
        if first == high or not self._texts[first].startswith(beginning):
            return first, first
        return first, self._end(beginning, first, high)

    def next_letters(self, beginning: str) -> Iterator[tuple[str, Range]]:
        """What may follow what begins so, and where it does."""
        if not beginning:
            yield from self._first_letters
            return
        begin, end = self.range(beginning)
        begin = bisect_right(self._texts, beginning, begin, end)
        while begin < end:
            letter = self._texts[begin][len(beginning)]
            after = self._end(beginning + letter, begin, end)
            yield letter, (begin, after)
            begin = after

    def heaviest(self, ranges: Iterable[Range], most: int) -> list[int]:
        """Places of at most so many phrases, the heaviest first, each once."""
        chosen = [each for each in ranges if each[0] < each[1]]
        count = most
        while True:
            # A phrase may be in a range more than once.
            count *= 2
            parts = [self._first_places(*each, count) for each in chosen]
            places = np.unique(np.concatenate([np.zeros(0, np.int32), *parts]))
            # What a range has left out comes behind all that it has given.
            sure = [int(part.max()) for part in parts if len(part) == count]
            if not sure:
                break
            places = places[places <= min(sure)]
            if len(places) >= most:
                break
        return [int(place) for place in places[:most]]

    @cached_property
    def _first_letters(self) -> list[tuple[str, Range]]:
        found, begin = [], bisect_right(self._texts, "")
        while begin < len(self._texts):
            letter = self._texts[begin][0]
            after = self._end(letter, begin, len(self._texts))
            found.append((letter, (begin, after)))
            begin = after
        return found

    def _end(self, beginning: str, low: int, high: int) -> int:
        """Before what do the last ones that begin so come?"""
        shorter = beginning.rstrip(chr(_LAST))
        if not shorter:
            return high
        return bisect_left(self._texts, shorter[:-1] + chr(ord(shorter[-1]) + 1), low, high)

    def _first_places(self, begin: int, end: int, count: int) -> NDArray[np.int32]:
        """The least places in a range, so many or all."""
        first, last = -(-begin // _BLOCK), end // _BLOCK
        if last - first <= count:
            return _least(self._places[begin:end], count)
        # The least ones lie in the blocks whose own least ones are the least.
        best = first + np.argpartition(self._tops[first:last], count)[:count]
        whole = self._places[: last * _BLOCK].reshape(last, _BLOCK)[best].ravel()
        edges = (self._places[begin : first * _BLOCK], self._places[last * _BLOCK : end])
        return _least(np.concatenate([whole, *edges]), count)


def starts(phrase: str) -> set[str]:
    """The phrase, folded, from each of its words on."""
    text = folded(phrase)
    if text.isascii():
        return {text, *(text[word.start() :] for word in _PLAIN_WORD.finditer(text))}
    return {text, *(text[word.start :] for word in tokens(text))}


def _least(places: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    return places if len(places) <= count else np.partition(places, count)[:count]
