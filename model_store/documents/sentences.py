"""Sentences of a text, in any language, whatever the text.

sentences("Dr. Who ran. He fell!")        # [Span(0, 12), Span(13, 21)]
"""

from __future__ import annotations

import re
from typing import NamedTuple

import sentencex

LONGEST_SENTENCE = 400
"""Characters; a longer one is cut, at a space if there is one."""

_AT_A_TIME = 2_000
"""Characters that are looked at together: a few inputs cost time by the square of their length."""
_ODD = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f]|[\ud800-\udfff]")
"""White space, control characters and halves of pairs: the library may fail on them (seen in
1.0.32), and is given spaces."""
_EMPTY_LINES = re.compile(r"\n[ \n]*\n")


class Span(NamedTuple):
    """A part of a text, from its first character to before `end`; neither is white space."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


def sentences(text: str) -> list[Span]:
    """The sentences of a text in order, without the space between them; none is empty.

    Punctuation of all scripts counts; abbreviations are known in English, and an initial or a
    number before a full stop is taken for none in any language. A line break alone ends no
    sentence, an empty line does. Time and memory grow with the text's length alone.
    """
    plain = _EMPTY_LINES.sub(lambda match: "\n" * len(match[0]), _ODD.sub(" ", text))
    found: list[Span] = []
    start = 0
    while start < len(plain):
        piece = plain[start : start + _AT_A_TIME]
        parts = _split(piece)
        if len(parts) > 1 and start + len(piece) < len(plain):
            # The last one may go on behind the piece, and is looked at again with what follows.
            parts.pop()
        for part in parts:
            found += _spans(part, start)
            start += len(part)
    return found


def _split(piece: str) -> list[str]:
    """Parts that together are the piece."""
    try:
        parts: list[str] = sentencex.segment("en", piece)
    except Exception:
        raise
    except BaseException as error:
        # What a fault of the library's Rust raises is no Exception, and would end the process.
        if type(error).__name__ != "PanicException":
            raise
        return [piece]
    return parts if sum(map(len, parts)) == len(piece) else [piece]


def _spans(part: str, start: int) -> list[Span]:
    """One sentence, or the pieces of one that is too long; none of white space."""
    found: list[Span] = []
    begin = 0
    while begin < len(part):
        end = min(begin + LONGEST_SENTENCE, len(part))
        if end < len(part):
            space = max(part.rfind(" ", begin, end), part.rfind("\n", begin, end))
            end = space + 1 if space > begin else end
        inner = part[begin:end]
        content = inner.strip()
        if content:
            at = start + begin + len(inner) - len(inner.lstrip())
            found.append(Span(at, at + len(content)))
        begin = end
    return found
