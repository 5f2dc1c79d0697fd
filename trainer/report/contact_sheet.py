"""The contact sheet: posts with their pictures and keyphrases, for a person's eye.

One HTML file that asks for nothing else: no script, no font, no address. Whatever posts and models
write is text in it, and pictures are encoded anew, so a hostile post is as harmless as any other.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

import numpy as np
from PIL import Image

from posts.phrases import Keyphrase
from trainer.metrics.case import stems

SIDE = 320
"""Pixels of a picture at most, each way; larger ones are shrunk."""

_CHARACTERS = 600
"""Of a text; the rest is cut."""
_STYLE = files("trainer.report").joinpath("contact_sheet.css").read_text(encoding="utf-8")
_LEGEND = "Predicted keyphrases stand with their scores"
_LEGEND_OF_HITS = (
    '; <span class="tag hit">✓ bold</span> ones are both gold and predicted, after stemming'
)


@dataclass(frozen=True, kw_only=True)
class Card:
    """A post as it is shown."""

    id: str
    text: str
    picture: Image.Image | None
    gold: Sequence[str] | None
    """None: nobody has said."""
    keyphrases: Sequence[Keyphrase]
    """Predicted, best first."""
    note: str = ""
    """What else is to be known of it."""


def draw_contact_sheet(heading: str, about: str, cards: Iterable[Card]) -> str:
    """A page with a heading, a sentence about what it shows, and the cards in their order."""
    articles, has_gold = [], False
    # One by one: pictures take much more room than what becomes of them.
    for card in cards:
        articles.append(_article(card))
        has_gold |= card.gold is not None
    legend = _LEGEND + (_LEGEND_OF_HITS if has_gold else "")
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"  # noqa: E501
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(heading)}</title>",
            f"<style>{_STYLE}</style></head>",
            f"<body><header><h1>{escape(heading)}</h1>",
            f"<p>{escape(about)} {legend}.</p></header>",
            "<main>",
            *articles,
            "</main></body></html>",
            "",
        ]
    )


def _article(card: Card) -> str:
    gold = {stems(phrase) for phrase in card.gold or ()}
    return (
        f"<article>{_picture(card.picture)}<div>"
        f'<p class="text" dir="auto">{_text(card.text)}</p><dl>{_gold(card)}'
        f"<dt>Predicted</dt><dd>{_tags([_predicted(one, gold) for one in card.keyphrases])}"
        f'</dd></dl><p class="id"><bdi>{escape(card.id)}</bdi>{_note(card)}</p></div></article>'
    )


def _note(card: Card) -> str:
    return f" ({escape(card.note)})" if card.note else ""


def _gold(card: Card) -> str:
    if card.gold is None:
        return ""
    predicted = {stems(one.phrase) for one in card.keyphrases}
    tags = _tags([(one, "", stems(one) in predicted) for one in card.gold])
    return f"<dt>Gold</dt><dd>{tags}</dd>"


def _predicted(keyphrase: Keyphrase, gold: set[tuple[str, ...]]) -> tuple[str, str, bool]:
    return keyphrase.phrase, f"{keyphrase.score:.2f}", stems(keyphrase.phrase) in gold


def _tags(phrases: Sequence[tuple[str, str, bool]]) -> str:
    """Phrases, what stands behind them, and whether they are hits."""
    if not phrases:
        return '<span class="none">none</span>'
    return " ".join(
        f'<span class="tag{" hit" if hit else ""}">{"✓ " if hit else ""}'
        f"<bdi>{escape(phrase)}</bdi>{f' <small>{behind}</small>' if behind else ''}</span>"
        for phrase, behind, hit in phrases
    )


def _text(text: str) -> str:
    if not text.strip():
        return '<span class="none">no text</span>'
    return escape(text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]} …")


def _picture(picture: Image.Image | None) -> str:
    if picture is None:
        return '<div class="picture none">no picture</div>'
    small = picture.copy()
    small.thumbnail((SIDE, SIDE))
    # Of pixels alone: Pillow would carry over comments that came with the file.
    bare = Image.fromarray(np.asarray(small.convert("RGB")))
    data = io.BytesIO()
    bare.save(data, "JPEG", quality=80, optimize=True)
    inline = base64.b64encode(data.getvalue()).decode()
    size = f'width="{bare.width}" height="{bare.height}"'
    return f'<div class="picture"><img {size} alt="" src="data:image/jpeg;base64,{inline}"></div>'
