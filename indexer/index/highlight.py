"""The passage of a text that shows best why it was found; one for both engines."""

from __future__ import annotations

from collections.abc import Container
from html import escape

from indexer.index.analysis import Token, tokens

_PASSAGE = 200
"""Characters of a passage, about."""
_LEAD = 40
"""Characters of it before the first match, about."""
_READ = 20_000
"""Characters of the text that are looked at, so that a huge text does not slow a search."""


def highlight(text: str, terms: Container[str]) -> str:
    """HTML-escaped passage with the words whose terms are asked for in <mark>...</mark>.

    The passage holds as many different terms as fit; the start of the text if there are none.
    """
    read = text[:_READ]
    words = tokens(read)
    matches = [word for word in words if word.term in terms]
    # A text that fits is shown whole.
    wished = _best_start(matches) - _LEAD if matches and len(read) > _PASSAGE else 0
    start = _word_start(words, max(0, wished))
    end = _word_end(words, start, start + _PASSAGE, len(read))
    parts, position = [], start
    for match in matches:
        if start <= match.start and match.end <= end:
            parts.append(escape(read[position : match.start]))
            parts.append(f"<mark>{escape(read[match.start : match.end])}</mark>")
            position = match.end
    parts.append(escape(read[position:end]))
    return "".join(parts).strip()


def _best_start(matches: list[Token]) -> int:
    """Start of the first match after which a passage sees the most different terms."""
    best, best_count, last = 0, 0, 0
    room = _PASSAGE - _LEAD
    for first, match in enumerate(matches):
        while last < len(matches) and matches[last].end <= match.start + room:
            last += 1
        count = len({seen.term for seen in matches[first:last]})
        if count > best_count:
            best, best_count = match.start, count
    return best


def _word_start(words: list[Token], wished: int) -> int:
    """The wished place, or the start of the next word if it would cut one."""
    if wished == 0:
        return 0
    return next((word.start for word in words if word.start >= wished), wished)


def _word_end(words: list[Token], start: int, wished: int, longest: int) -> int:
    """The wished place, or the start of the word that it would cut, if that leaves anything."""
    if wished >= longest:
        return longest
    cut = next((word for word in words if word.start < wished < word.end), None)
    return cut.start if cut is not None and cut.start > start else wished
