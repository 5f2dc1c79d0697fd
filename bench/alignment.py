"""What alignment is good for: heads and their losses, the gate for pictures, pseudo captions.

    python -m bench.alignment                # bench/results/alignment.json and .png; an hour
    python -m bench.alignment --part gate    # measures one part anew

Needs ../shared/data/openclipart, and says so where it is not. Gate and captions are those of the
model that ships.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.aligning import documents, gate, heads
from bench.aligning.pairs import OPENCLIPART
from bench.aligning.plot import draw, draw_gate
from bench.result import RESULTS, surroundings
from model_store.keyphraser import Keyphraser
from model_store.shipped import SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import Store
from posts.errors import InputError
from trainer.training_set import TrainingSet

_RESULT = RESULTS / "alignment.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=_PARTS, help="only this one")
    arguments = parser.parse_args()
    if not OPENCLIPART.is_dir():
        parser.exit(2, f"{OPENCLIPART} is not there, and without its posts there is no measuring\n")
    for name in [arguments.part] if arguments.part else _PARTS:
        method, measure = _PARTS[name]
        try:
            measured = measure()
        except InputError as error:
            parser.exit(2, f"{error}\n")
        # Read only now: another part may have been measured meanwhile.
        kept = json.loads(_RESULT.read_text()) if _RESULT.exists() else {"parts": {}}
        parts = kept.pop("parts") | {name: {"method": method, **surroundings()}}
        kept |= measured
        whole = json.dumps({**kept, "parts": parts}, indent=2) + "\n"
        # At once: a kill here must not cost the other parts.
        unfinished = _RESULT.with_suffix(".part")
        unfinished.write_text(whole)
        unfinished.replace(_RESULT)
        print(f"{name}: {_RESULT}", flush=True)
    for plot in draw_plots(json.loads(_RESULT.read_text())):
        print(plot)


def draw_plots(measured: Mapping[str, Any]) -> list[Path]:
    """Of the parts that have been measured."""
    plots = []
    if "drawn" in measured:
        plots.append((_RESULT.with_suffix(".png"), draw(measured, heads.NOISES)))
    if "gate" in measured:
        plots.append((_RESULT.with_name("alignment_gate.png"), draw_gate(measured["gate"])))
    for path, png in plots:
        path.write_bytes(png)
    return [path for path, _ in plots]


def measure_gate() -> dict[str, Any]:
    keyphraser = _shipped()
    with tempfile.TemporaryDirectory() as scratch:
        posts = TrainingSet.build(str(OPENCLIPART / "valid.parquet"), Path(scratch))
        return {"gate": _of(keyphraser) | gate.measure_gate(keyphraser, posts)}


def measure_documents() -> dict[str, Any]:
    keyphraser = _shipped()
    found = documents.measure_documents(keyphraser)
    wanted = ("caption_recovery", "image_precision")
    told = {name: value for name, value in found.items() if name.startswith(wanted)}
    return {**told, "documents": _of(keyphraser) | found}


def _shipped() -> Keyphraser:
    return Keyphraser.load(Store(SHIPPED_STORE).fetch(SHIPPED_MODEL), device="cpu")


def _of(keyphraser: Keyphraser) -> dict[str, Any]:
    return {"digest": keyphraser.card.digest}


_PARTS: Mapping[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "heads": (heads.METHOD, heads.measure_heads),
    "gate": (gate.METHOD, measure_gate),
    "documents": (documents.METHOD, measure_documents),
}


if __name__ == "__main__":
    main()
