"""Learning curves of models of the pocket base: what their cards tell of each epoch.

    python -m bench.pocket_curves aimkp=STORE/pocket/v000001 standard=STORE/standard/v000001

Writes bench/results/pocket_curves.json and .png.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.bundles import add_bundles
from bench.result import write_result
from model_store.seal import read_card
from posts.errors import InputError
from posts.files.local import LocalFiles
from trainer.plot_style import FAINT, INK, as_png, house_style, write_heading

_COLOURS = (INK, "#b0413e", FAINT)
_SCORES = ("f1@1", "f1@3", "map@5")
_METHOD = (
    "From the cards: of each epoch the mean loss of a label token in training, and the scores "
    "(cmkp) on the validation posts at its end. The seed, all settings and the SHA-256 over the "
    "training posts are beside them."
)
_Curve = Mapping[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_bundles(parser, "those whose curves are wanted")
    arguments = parser.parse_args()
    if not arguments.bundles:
        parser.exit(2, "name the bundles whose curves are wanted, as NAME=FOLDER\n")
    try:
        curves = {name: curve(folder) for name, folder in arguments.bundles}
    except InputError as error:
        parser.exit(2, f"{error}\n")
    result = write_result("pocket_curves", _METHOD, {"curves": curves})
    plot = result.with_suffix(".png")
    plot.write_bytes(draw(curves))
    print(f"{result}\n{plot}")


def curve(bundle: Path) -> dict[str, Any]:
    """Losses and scores by epoch, settings and fingerprints of a bundle's training."""
    card = read_card(LocalFiles(bundle))
    return {
        "epochs": [
            {"epoch": one["epoch"], "loss": one["loss"]}
            | {name: one["scores"]["cmkp"]["all"][name] for name in _SCORES}
            for one in card.training["history"]
        ],
        "config": card.training["config"],
        "data": {role: facts["fingerprint"] for role, facts in card.data.items()},
    }


def draw(curves: Mapping[str, _Curve]) -> bytes:
    """A PNG."""
    with house_style():
        figure = Figure(figsize=(8, 3.2), layout="constrained")
        loss, *scores = figure.subplots(1, 1 + len(_SCORES))
        _lines(loss, curves, "loss", "loss in training")
        for axes, name in zip(scores, _SCORES, strict=True):
            _lines(axes, curves, name, name.upper())
        loss.legend()
        write_heading(figure, "Training on openclipart by epoch; scores on its validation posts")
        return as_png(figure)


def _lines(axes: Axes, curves: Mapping[str, _Curve], name: str, title: str) -> None:
    for colour, (label, one) in zip(_COLOURS, curves.items(), strict=False):
        epochs: Sequence[Mapping[str, float]] = one["epochs"]
        places = [epoch["epoch"] for epoch in epochs]
        values = [epoch[name] for epoch in epochs]
        axes.plot(places, values, "o-", color=colour, markersize=4, label=label)
        axes.set_xticks(places)
    axes.set_title(title)
    axes.set_xlabel("epoch")


if __name__ == "__main__":
    main()
