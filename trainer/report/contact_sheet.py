"""The contact sheet: some posts with gold and predicted keyphrases, for a person's eye.

One HTML file that asks for nothing else: no script, no font, no address. Whatever posts and models
write is text in it, and pictures are decoded and encoded anew, so a hostile post is as harmless as
any other.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Sequence
from html import escape
from importlib.resources import files

import numpy as np
from PIL import Image

from posts.phrases import Keyphrase
from trainer.evaluation import Answered, Evaluation
from trainer.metrics.case import stems
from trainer.scenarios import Shown, find_scenario
from trainer.scenarios.draws import ranked
from trainer.training_set import TrainingSet

POSTS = 50

_SIDE = 320
"""Pixels of a thumbnail at most, each way."""
_CHARACTERS = 600
"""Of a text; the rest is cut."""
_STYLE = files("trainer.report").joinpath("contact_sheet.css").read_text(encoding="utf-8")


def draw_contact_sheet(
    evaluation: Evaluation, examples: TrainingSet, model: str, posts: int = POSTS
) -> str:
    """A page of random posts, drawn by their ids: the same whatever the model.

    Each is shown as the model saw it in the evaluation's scenario.
    """
    ids = enumerate(answered.case.id for answered in evaluation.answers)
    rows = ranked("contact-sheet", ids)[:posts]
    show = find_scenario(evaluation.scenario, ocr=evaluation.ocr)
    cards = [_card(evaluation.answers[row], show(examples, row)) for row in rows]
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"  # noqa: E501
    heading = f"{model}, {evaluation.scenario}"
    about = f"{len(rows)} random posts of {len(evaluation.answers):,}, as the model saw them."
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
            f"<p>{escape(about)} {_LEGEND}</p></header>",
            "<main>",
            *cards,
            "</main></body></html>",
            "",
        ]
    )


_LEGEND = (
    "Predicted keyphrases stand with their scores; "
    '<span class="tag hit">✓ bold</span> ones are both gold and predicted, after stemming.'
)


def _card(answered: Answered, shown: Shown) -> str:
    case = answered.case
    gold = {stems(phrase) for phrase in case.gold}
    predicted = {stems(one.phrase) for one in answered.keyphrases}
    return (
        f"<article>{_picture(shown.picture)}<div>"
        f'<p class="text" dir="auto">{_text(shown.text)}</p><dl>'
        f"<dt>Gold</dt><dd>{_tags([(one, '', stems(one) in predicted) for one in case.gold])}</dd>"
        f"<dt>Predicted</dt><dd>{_tags([_predicted(one, gold) for one in answered.keyphrases])}"
        f'</dd></dl><p class="id"><bdi>{escape(case.id)}</bdi></p></div></article>'
    )


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
    small.thumbnail((_SIDE, _SIDE))
    # Of pixels alone: Pillow would carry over comments that came with the file.
    bare = Image.fromarray(np.asarray(small.convert("RGB")))
    data = io.BytesIO()
    bare.save(data, "JPEG", quality=80, optimize=True)
    inline = base64.b64encode(data.getvalue()).decode()
    size = f'width="{bare.width}" height="{bare.height}"'
    return f'<div class="picture"><img {size} alt="" src="data:image/jpeg;base64,{inline}"></div>'
