"""The document: a post of several pictures or long text, and what a model says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from posts.phrases import Keyphrase
from posts.shown_picture import ShownPicture

CHARACTERS_PER_TOKEN = 5
"""Of a text that a prompt has no room for; nearly all texts have fewer."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text, which may be empty, and pictures, in their order."""

    text: str
    pictures: Sequence[ShownPicture] = ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a model says of a document."""

    keyphrases: Sequence[Keyphrase]
    """Best first."""
    captions: Sequence[str | None] = ()
    """The pseudo caption of each picture, a sentence of the text; None: none fits."""
    lead: int | None = None
    """Which picture stands for it: that with the surest caption, or else the first; None: it has
    no picture."""
    summary: str | None = None
    """Some sentences of the text, for a result card; None: it is short enough as it is."""


def longest_text(max_text_tokens: int) -> int:
    """Characters of a text that is still asked whole: beyond, it is read in chunks.

    By characters, for a run must tell which posts are documents before any model is loaded.
    """
    return CHARACTERS_PER_TOKEN * max_text_tokens
