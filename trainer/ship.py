"""Puts a trained model into the package, as the one that is used when none is named.

    python -m trainer.ship --store models --model tagger@1 \\
        --licence "Apache-2.0" --source "openclipart (public domain)"

`--beams` and `--batch-size` change how it is asked. Adapter and projector are written in half
precision, which takes half the room. The weights of the language model are rounded to int8 when it
is asked, so that it runs beside other work on small machines. What is shipped is what should be
evaluated:

    keyphrases evaluate --store shipped: --model pocket

A model without alignment heads takes the place of one with them; `trainer.align --shipped` gives it
some.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from model_store.base import Base
from model_store.base_names import POCKET
from model_store.bundle import load_bundle, save_bundle
from model_store.card import INSIGHT_FILES
from model_store.generation import INT8
from model_store.shipped import LARGEST_MB, SHIPPED_FOLDER, SHIPPED_MODEL
from model_store.store import ModelVersion, Store
from posts.errors import InputError


def ship(
    store: Store,
    ref: str,
    *,
    licence: str,
    sources: Sequence[str],
    base: str = POCKET,
    into: Path = SHIPPED_FOLDER,
    **asked: int,
) -> ModelVersion:
    """Makes a version of a store the one that ships, in place of what shipped before.

    `asked` are generation settings that it shall have otherwise than from its training.
    Its card tells licence and sources, and of the data the name and not where it lay. Raises
    InputError if it is made on another base, or is too large.
    """
    folder = store.fetch(ref)
    bundle = load_bundle(folder)
    card = bundle.card
    if card.base.name != base:
        raise InputError(f"{ref} is made on {card.base.name}; what ships must be made on {base}")
    for parameter in bundle.model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(torch.float16)
    whole = Base(
        model=bundle.model,
        processor=bundle.processor,
        family=bundle.family,
        identity=card.base,
    )
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / "bundle"
        save_bundle(
            made,
            whole,
            generation=replace(card.generation, quantization=INT8, **asked),
            training={**card.training, "licence": licence, "sources": list(sources)},
            metrics=card.metrics,
            data={role: _without_place(facts) for role, facts in card.data.items()},
            insight={
                name: (folder / name).read_bytes() for name in INSIGHT_FILES if name in card.files
            },
            alignment=bundle.alignment,
        )
        size = sum(file.stat().st_size for file in made.rglob("*") if file.is_file()) / 1e6
        if size > LARGEST_MB:
            raise InputError(f"{ref} takes {size:.0f} MB, and at most {LARGEST_MB} MB may ship")
        shutil.rmtree(into, ignore_errors=True)
        shipped = Store(str(into))
        version = shipped.publish(SHIPPED_MODEL, made)
    return shipped.resolve(f"{SHIPPED_MODEL}@{version}")


def _without_place(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The machine that trained it is nobody's business."""
    return {**facts, "uri": Path(str(facts["uri"])).name} if "uri" in facts else dict(facts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--licence", required=True, help="Of the adapter.")
    parser.add_argument("--source", action="append", required=True, help="Of data; repeatable.")
    parser.add_argument("--beams", type=int, help="Instead of those of its training.")
    parser.add_argument("--batch-size", type=int, help="Posts at a time, likewise.")
    arguments = parser.parse_args()
    asked = {"beams": arguments.beams, "batch_size": arguments.batch_size}
    ship(
        Store(arguments.store),
        arguments.model,
        licence=arguments.licence,
        sources=arguments.source,
        **{name: value for name, value in asked.items() if value is not None},
    )


if __name__ == "__main__":
    main()
