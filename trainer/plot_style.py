"""The look that all plots share."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager

import matplotlib.style
from matplotlib.figure import Figure

INK, FAINT = "#22282f", "#8a939c"
IMAGE, TEXT = "#127a83", "#c8601b"
"""What belongs to a modality has its colour."""

_STYLE = {
    "figure.dpi": 130,
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#e8ebee",
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.12,
}


def house_style() -> AbstractContextManager[None]:
    """The style, for as long as it is entered.

    The user's own settings shall not change a picture, nor a picture theirs.
    """
    return matplotlib.style.context(["default", _STYLE])


def write_heading(figure: Figure, words: str) -> None:
    """What a plot is about, for it is looked at without its report too."""
    figure.suptitle(words, x=0.01, ha="left", fontsize=9, color=FAINT)


def as_png(figure: Figure) -> bytes:
    """The same figure gives the same bytes. Called within the style, where layout is done."""
    image = io.BytesIO()
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()
