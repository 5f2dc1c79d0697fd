"""Learning curves from cards."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import result
from bench.pocket_curves import main
from model_store.bundle import save_bundle
from model_store.generation import GenerationSettings
from tests.trainer.examples import trainable_base


def test_losses_and_scores_of_each_epoch_are_written_and_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = [
        {
            "epoch": epoch,
            "loss": 3.0 / epoch,
            "scores": {"cmkp": {"all": {"f1@1": 0.1, "f1@3": epoch / 10, "map@5": 0.3}}},
        }
        for epoch in (1, 2)
    ]
    save_bundle(
        tmp_path / "bundle",
        trainable_base(tmp_path / "base"),
        generation=GenerationSettings(),
        training={"config": {"seed": 5}, "history": history},
        metrics={},
        data={"train": {"fingerprint": "abc", "posts": 3}},
    )
    monkeypatch.setattr(result, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["curves", f"mine={tmp_path / 'bundle'}"])
    main()

    (curve,) = json.loads((tmp_path / "pocket_curves.json").read_text())["curves"].values()
    assert [one["loss"] for one in curve["epochs"]] == [3.0, 1.5]
    assert [one["f1@3"] for one in curve["epochs"]] == [0.1, 0.2]
    assert curve["config"]["seed"] == 5
    assert curve["data"] == {"train": "abc"}
    assert (tmp_path / "pocket_curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("argument", ["", "mine", "mine=", "=/nowhere", "mine=/nowhere"])
def test_without_a_bundle_it_says_so(
    argument: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["curves", *filter(None, [argument])])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
