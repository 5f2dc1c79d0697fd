"""Counting dead letters by their reasons, with a few of each to look at."""

from __future__ import annotations

from dataclasses import dataclass, field

from indexer.index.records import DeadLetter
from indexer.report.record import LetterExample, ReasonCount

_EXAMPLES = 5
_LONGEST = 300


@dataclass
class _Found:
    posts: int = 0
    transient: int = 0
    examples: list[LetterExample] = field(default_factory=list)


class LetterCounter:
    """There are a dozen reasons, so this stays small."""

    def __init__(self) -> None:
        self._found: dict[str, _Found] = {}

    def add(self, letter: DeadLetter) -> None:
        found = self._found.setdefault(str(letter.reason), _Found())
        found.posts += 1
        found.transient += letter.transient
        if len(found.examples) < _EXAMPLES:
            found.examples.append(
                LetterExample(
                    key=_clipped(letter.key),
                    source=_clipped(letter.source),
                    detail=_clipped(letter.detail),
                )
            )

    def counted(self) -> tuple[ReasonCount, ...]:
        """Most frequent first, then by the alphabet."""
        ordered = sorted(self._found.items(), key=lambda item: (-item[1].posts, item[0]))
        return tuple(
            ReasonCount(
                reason=reason,
                posts=found.posts,
                transient=found.transient,
                examples=tuple(found.examples),
            )
            for reason, found in ordered
        )


def _clipped(words: str) -> str:
    """Short, and what JSON can hold: a key that no index could store may be half a character."""
    valid = words[: _LONGEST + 1].encode(errors="replace").decode()
    return valid if len(valid) <= _LONGEST else f"{valid[:_LONGEST]} …"
