"""Text as it is compared while a person types: without case, accents or needless spaces."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """The text without case, accents and double spaces; one space at its end is kept."""
    plain = text.casefold() if text.isascii() else _without_marks(text)
    words = " ".join(plain.split())
    return f"{words} " if words and plain[-1].isspace() else words


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in decomposed if not unicodedata.combining(each))
