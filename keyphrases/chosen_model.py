"""Which model a command uses: the one that is named, or the one that ships."""

from __future__ import annotations

from typing import NamedTuple

from model_store.shipped import SHIPPED_MODEL, SHIPPED_STORE
from posts.errors import InputError


class ChosenModel(NamedTuple):
    """A model in a store."""

    store: str
    model: str


def chosen_model(store: str | None, model: str | None) -> ChosenModel:
    """The model that `--store` and `--model` name; without either, the one that ships.

    Raises InputError if one is there without the other.
    """
    if store is None and model is None:
        return ChosenModel(SHIPPED_STORE, SHIPPED_MODEL)
    if store is None or model is None:
        lacking, wanted = ("--store", "STORE") if store is None else ("--model", "NAME")
        raise InputError(
            f"{lacking} {wanted} is missing: name store and model together, or neither for the "
            "model that ships"
        )
    return ChosenModel(store, model)
