"""The look that all plots of the indexer share, on a light page, on a dark one, and on paper."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import matplotlib.style
from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a plot."""

    ink: str
    faint: str
    grid: str
    main: str
    main_soft: str
    other: str
    third: str
    ground: str = "none"
    """None: the ground is that of the page on which the plot stands."""


LIGHT = Theme("#22282f", "#8a939c", "#e8ebee", "#127a83", "#bfe0e2", "#c8601b", "#4a6fb5")
DARK = Theme("#e6eaee", "#7d8893", "#333b44", "#45b8c1", "#1d5258", "#f0935a", "#8fabe0")
PAPER = replace(LIGHT, ground="white")
"""For a file of its own, which may be looked at on any ground."""


def plot_style(theme: Theme) -> AbstractContextManager[None]:
    """The style, for as long as it is entered.

    The user's own settings shall not change a picture, nor a picture theirs.
    """
    return matplotlib.style.context(
        [
            "default",
            {
                "figure.facecolor": theme.ground,
                "axes.facecolor": "none",
                "savefig.facecolor": theme.ground,
                "font.size": 9.5,
                "text.color": theme.ink,
                "axes.labelcolor": theme.ink,
                "axes.edgecolor": theme.faint,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.grid": True,
                "axes.grid.axis": "y",
                "axes.axisbelow": True,
                "grid.color": theme.grid,
                "xtick.color": theme.faint,
                "ytick.color": theme.faint,
                "xtick.labelcolor": theme.ink,
                "ytick.labelcolor": theme.ink,
                "legend.frameon": False,
                "legend.fontsize": 9,
                "legend.labelcolor": theme.ink,
            },
        ]
    )


def as_png(figure: Figure) -> bytes:
    """The same figure gives the same bytes. Called within the style, where layout is done."""
    image = io.BytesIO()
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()
