"""The vocabulary of an index, gathered while its texts are cut into words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from indexer.index.analysis import terms
from indexer.index.query import BOOSTS

FIELDS: tuple[str, ...] = tuple(BOOSTS)
"""A term in a field is one number: four times the term's, and the field's place in these."""
HOLE = -1
"""A place with no word: between two values of a field, or of a word that is too long."""

_MOST_PIECES = 1_000_000
_LONGEST_PIECE = 40
"""Characters; longer ones hardly come twice."""


class Vocabulary:
    """Terms, numbered as they come."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._pieces = [_Pieces(self.numbers, place) for place in range(len(FIELDS))]

    def cut(self, text: str, field: int) -> Iterable[int]:
        """The terms of a text in a field, or `HOLE`, by their places."""
        # No word has a space in it, and what lies between two spaces comes again and again.
        return chain.from_iterable(map(self._pieces[field].__getitem__, text.split()))


class _Pieces(dict[str, tuple[int, ...]]):
    """Terms of what lies between two spaces; each is cut only once as long as it is kept."""

    def __init__(self, numbers: dict[str, int], field: int) -> None:
        self._numbers = numbers
        self._field = field

    def __missing__(self, piece: str) -> tuple[int, ...]:
        numbers, width = self._numbers, len(FIELDS)
        found = tuple(
            HOLE if term is None else width * numbers.setdefault(term, len(numbers)) + self._field
            for term in terms(piece)
        )
        if len(piece) <= _LONGEST_PIECE:
            if len(self) >= _MOST_PIECES:
                self.clear()
            self[piece] = found
        return found
