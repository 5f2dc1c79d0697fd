"""`keyphrases models show`: how the training of a version went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model_store.store import Store
from tests.keyphrases.conftest import Keyphrases
from tests.trainer.examples import trainable_base
from tests.trainer.histories import history
from trainer.checkpoint import copy_weights
from trainer.config import TrainConfig
from trainer.publication import publish


def store_with(folder: Path, epochs: list[dict[str, Any]]) -> Path:
    """A store with one version that was trained so."""
    base = trainable_base(folder)
    publish(
        *(Store(str(folder / "store")), "tagger", "run-1", base, copy_weights(base.model)),
        config=TrainConfig(),
        history=epochs,
        best_epoch=2,
        data={"train": {"uri": "posts/[odd]", "posts": 1234}},
    )
    return folder / "store"


@pytest.fixture
def epochs() -> list[dict[str, Any]]:
    return history(3)


def test_show_tells_epochs_and_modalities(
    tmp_path: Path, keyphrases: Keyphrases, epochs: list[dict[str, Any]]
) -> None:
    store = store_with(tmp_path, epochs)
    keyphrases("models", "promote", "tagger@1", "--store", store)
    done = keyphrases("models", "show", "tagger@1", "--store", store)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines[:5])
    assert (facts["model"], facts["method"]) == ("tagger@1 (production)", "aimkp")
    assert "trained on    1,234 posts of posts/[odd]" in lines
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert [one[:2] for one in rows if len(one) == 5] == [
        ["1", "1.000"],
        ["2", "0.500"],
        ["3", "0.333"],
    ]
    assert [one[:3] for one in rows if len(one) == 7] == [
        [str(epoch), name, "20"] for epoch in (2, 3) for name in ("image", "text")
    ]
    noisiest = epochs[2]["views"]["noisiest"][0]["id"]
    assert lines[-1].startswith(f"noisiest posts: {noisiest} (")


def test_show_has_all_of_the_card_as_json(
    tmp_path: Path, keyphrases: Keyphrases, epochs: list[dict[str, Any]]
) -> None:
    store = store_with(tmp_path, epochs)
    card = json.loads(keyphrases("models", "show", "tagger", "--store", store, "--json").stdout)
    assert card["model"] == "tagger@1"
    views = card["training"]["history"][2]["views"]
    assert views["image"]["strides"] == epochs[2]["views"]["image"]["strides"]


def test_show_of_a_run_without_masked_views_has_epochs_alone(
    tmp_path: Path, keyphrases: Keyphrases
) -> None:
    store = store_with(tmp_path, history(2, masked=()))
    done = keyphrases("models", "show", "tagger", "--store", store)
    assert "epochs (validation" in done.stdout
    assert "masked views" not in done.stdout


def test_a_card_of_another_kind_is_no_crash(
    tmp_path: Path, keyphrases: Keyphrases, epochs: list[dict[str, Any]]
) -> None:
    store = store_with(tmp_path, epochs)
    file = store / "tagger" / "v000001" / "card.json"
    card = json.loads(file.read_bytes())
    card["training"]["history"][1]["views"] = {"image": {"made": "many"}}
    file.write_text(json.dumps(card))
    done = keyphrases("models", "show", "tagger", "--store", store)
    assert done.returncode == 2
    assert "read it with --json" in done.stderr.splitlines()[-1]
    del card["training"]["history"]
    file.write_text(json.dumps(card))
    assert keyphrases("models", "show", "tagger", "--store", store).returncode == 0
