"""Insight into a training as files: beside each checkpoint, and in the published bundle.

    insight.jsonl    a line per finished epoch: epoch, loss, f1@1, f1@3, map@5 (cmkp), views
    insight.png      the same at a glance, once an epoch has ended

`views` is what `trainer.aimkp.insight` gives, null for an epoch that masked nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from model_store.card import INSIGHT_LINES, INSIGHT_PLOT

logger = logging.getLogger(__name__)

_SCORES = ("f1@1", "f1@3", "map@5")


def write_insight(folder: Path, history: Sequence[Mapping[str, Any]]) -> None:
    """Writes both files to an existing folder; `history` is `trainer.checkpoint.TrainState`'s.

    A plot that cannot be drawn is only a warning: no training shall end for want of a picture.
    """
    lines = "".join(json.dumps(_line(entry)) + "\n" for entry in history)
    (folder / INSIGHT_LINES).write_text(lines)
    if not lines:
        return
    try:
        (folder / INSIGHT_PLOT).write_bytes(_plot(lines))
    except Exception:
        logger.warning("no %s was drawn", INSIGHT_PLOT, exc_info=True)


@lru_cache(maxsize=1)
def _plot(lines: str) -> bytes:
    """Kept for the checkpoints within an epoch: all workers wait while one is written."""
    # Only here: it takes a while to load, and may fail to.
    from trainer.insight_plot import draw_insight

    return draw_insight([json.loads(line) for line in lines.splitlines()])


def _line(entry: Mapping[str, Any]) -> dict[str, Any]:
    scores = entry["scores"]["cmkp"]["all"]
    return {
        "epoch": entry["epoch"],
        "loss": entry["loss"],
        **{name: scores[name] for name in _SCORES},
        "views": entry["views"],
    }
