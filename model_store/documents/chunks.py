"""Chunks of a long text: as much as a prompt holds, whole sentences, spread over the text."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from model_store.documents.sentences import LONGEST_SENTENCE, Span, sentences

MOST_CHUNKS = 8
"""Of a post: what the model is asked at most for its text, however long that is."""

Fit = Callable[[str], int]
"""How many characters of a text a prompt holds, at most all."""

_LONGEST = 32_768
"""Characters that a chunk is looked for in."""


def chunks(text: str, fit: Fit, most: int = MOST_CHUNKS) -> list[Span]:
    """At most `most` spans that each fit into a prompt, in order, without overlap.

    A text that fits whole is one. One that fits into `most` prompts is cut between sentences, and
    all of it is there; of a longer one each chunk is the beginning of an equal share, so that the
    end is seen as well as the beginning.
    """
    whole = _trimmed(text, 0, len(text))
    if whole is None:
        return []
    found = _filled(text, whole, fit, most)
    if found[-1].end == whole.end:
        return found
    length = whole.end - whole.start
    shares = [whole.start + length * number // most for number in range(1, most)]
    starts = [whole.start, *(_next_sentence(text, share) for share in shares), whole.end]
    spans = (_trimmed(text, start, stop) for start, stop in pairwise(starts))
    return [_cut(text, span, fit) for span in spans if span is not None]


def _filled(text: str, whole: Span, fit: Fit, most: int) -> list[Span]:
    """One full chunk after the other, from the beginning, at most `most`."""
    found: list[Span] = []
    rest: Span | None = whole
    while rest is not None and len(found) < most:
        found.append(_cut(text, rest, fit))
        rest = _trimmed(text, found[-1].end, whole.end)
    return found


def _next_sentence(text: str, position: int) -> int:
    """Where the first sentence begins that begins at a place or behind it, or a word, if none
    does soon."""
    # Looked at from before: a sentence that is cut has no beginning of its own.
    first = max(position - LONGEST_SENTENCE, 0)
    begins = (first + span.start for span in sentences(text[first : position + LONGEST_SENTENCE]))
    soon = next((begin for begin in begins if begin >= position), None)
    return position + max(text[position : position + 100].find(" "), 0) if soon is None else soon


def _cut(text: str, span: Span, fit: Fit) -> Span:
    """As much of a span as fits, up to the end of a sentence if that is not too little."""
    part = text[span.start : min(span.end, span.start + _LONGEST)]
    room = max(fit(part), 1)
    if room >= span.end - span.start:
        return span
    ends = [one.end for one in sentences(part[: room + LONGEST_SENTENCE]) if one.end <= room]
    end = ends[-1] if ends else 0
    if end < max(room // 2, 1):
        space = part.rfind(" ", 0, room)
        end = space if space > room // 2 else room
    return _trimmed(text, span.start, span.start + end) or span


def _trimmed(text: str, start: int, stop: int) -> Span | None:
    part = text[start:stop]
    content = part.strip()
    if not content:
        return None
    begin = start + len(part) - len(part.lstrip())
    return Span(begin, begin + len(content))
