"""How masked views fared, as people read it: after each epoch, and in `keyphrases models show`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

from keyphrases.console import printable, table
from trainer.aimkp.insight import modalities

_COLUMNS = ("epoch", "view", "made", "kept", "strides", "cosine", "5..95%")
_LEAST_SHARE = 0.01
"""A stride that fewer views have is left out."""
_NAMED = 3
_LONGEST_ID = 40


def views_table(title: str, epochs: Iterable[tuple[int, Mapping[str, Any]]]) -> Table:
    """A row for each epoch, by its number, and modality."""
    rows = [_row(epoch, name, of) for epoch, views in epochs for name, of in modalities(views)]
    return table(title, _COLUMNS, rows)


def noisiest_line(views: Mapping[str, Any]) -> str:
    """The posts whose views were dropped most often, in one line; empty if none was."""
    posts = [
        f"{_short(one['id'])} ({one['modality']} dropped {one['dropped']} of {one['made']}, "
        f"cosine {_cosine(one['cosine'])})"
        for one in views["noisiest"][:_NAMED]
    ]
    return f"noisiest posts: {', '.join(posts)}" if posts else ""


def _row(epoch: int, name: str, of: Mapping[str, Any]) -> list[object]:
    quantiles = of["cosines"]["quantiles"]
    return [
        epoch,
        name,
        f"{of['made']:,}",
        f"{of['kept_share']:.1%}",
        _strides(of),
        _cosine(quantiles["50"]),
        f"{_cosine(quantiles['5'])}..{_cosine(quantiles['95'])}",
    ]


def _cosine(value: float) -> str:
    """Two digits, and no zero with a sign."""
    return f"{round(value, 2) + 0.0:.2f}"


def _strides(of: Mapping[str, Any]) -> str:
    # In a card the keys are sorted as words.
    strides = sorted(of["strides"], key=int)
    shares = {stride: of["strides"][stride] / of["made"] for stride in strides}
    told = [f"{stride}:{share:.0%}" for stride, share in shares.items() if share >= _LEAST_SHARE]
    frozen = [f"({of['frozen']:,} frozen)"] if of["frozen"] else []
    return " ".join([*told, *frozen])


def _short(post: str) -> str:
    """An id may be of any length and hold anything, even what a terminal obeys."""
    shown = printable(post)
    return shown if len(shown) <= _LONGEST_ID else f"{shown[: _LONGEST_ID - 1]}…"
