"""A model's card, as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keyphrases.console import out, table
from keyphrases.views_table import noisiest_line, views_table
from model_store.card import Card
from model_store.store import ModelVersion, Store
from posts.errors import InputError

_SCORES = ("f1@1", "f1@3", "map@5")


def show_card(store: Store, model: ModelVersion) -> None:
    """What the model is, and how its training went epoch by epoch, as far as its card says."""
    try:
        _show_facts(model.card, str(model), ", ".join(store.aliases_of(model)))
        _show_epochs(model.card.training.get("history", []))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"the card of {model} tells its training in another way; read it with --json"
        ) from error


def _show_facts(card: Card, model: str, aliases: str) -> None:
    facts = {
        "model": f"{model} ({aliases})" if aliases else model,
        "base": f"{card.base.name} ({card.family})",
        "created": card.created_at[:16].replace("T", " "),
        "digest": card.digest,
        "method": card.training.get("config", {}).get("method", ""),
        "trained on": _posts(card.data.get("train", {})),
        "validated on": _posts(card.data.get("validation", {})),
        "licence": card.training.get("licence", ""),
        "sources": "; ".join(card.training.get("sources", [])),
        "best epoch": card.metrics.get("epoch", ""),
    }
    for name, value in facts.items():
        if value != "":
            out.print(f"{name:14}{value}", markup=False)


def _posts(data: Mapping[str, Any]) -> str:
    return f"{data['posts']:,} posts of {data['uri']}" if {"posts", "uri"} <= data.keys() else ""


def _show_epochs(history: Sequence[Mapping[str, Any]]) -> None:
    if not history:
        return
    rows = [
        [one["epoch"], one["loss"], *(one["scores"]["cmkp"]["all"][name] for name in _SCORES)]
        for one in history
    ]
    out.print(table("epochs (validation scores: cmkp)", ("epoch", "loss", *_SCORES), rows))
    masked = [(one["epoch"], one["views"]) for one in history if one.get("views")]
    if masked:
        out.print(views_table("masked views", masked))
        if noisiest := noisiest_line(masked[-1][1]):
            out.print(noisiest, markup=False)
