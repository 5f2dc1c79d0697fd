"""The study of methods and additions on the pocket base: its conditions and its report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import result
from bench.pocket_study.plan import CONDITIONS, FEW_SCENARIOS, SCENARIOS, find_condition
from bench.pocket_study.report import report, summarise
from trainer.config import TrainConfig
from trainer.configs import find_config


def changed(name: str, seed: int = 0) -> dict[str, Any]:
    """What a condition has otherwise than the one it is compared with."""
    condition = find_condition(name)
    ours, theirs = (find_condition(one).config(seed).to_json() for one in (name, condition.beside))
    return {key: value for key, value in ours.items() if theirs[key] != value}


def test_conditions_differ_from_what_they_are_compared_with_as_their_names_say() -> None:
    assert changed("aimkp") == {"method": "aimkp"}
    assert changed("aimkp-modality-dropout") == {"picture_only": 0.3, "text_only": 0.1}
    assert changed("aimkp-lessons").keys() == {
        "projector_warm_up",
        "reading_lessons",
        "projector_learning_rate",
    }
    assert len({str(one.config(0).to_json()) for one in CONDITIONS}) == len(CONDITIONS)
    assert find_condition("aimkp").config(2).seed == 2


def test_additions_are_those_of_the_model_that_ships_but_for_strides_and_alignment() -> None:
    shipped = TrainConfig.from_yaml(find_config("pocket")).to_json()
    names = [one.name for one in CONDITIONS if one.beside == "aimkp"]
    added = {key: value for name in names for key, value in changed(name).items()}
    for other in ("largest_image_stride", "alignment"):
        assert added.pop(other) != shipped[other]
    assert added == {key: shipped[key] for key in added}


def run(condition: str, seed: int, f1: dict[str, float]) -> dict[str, Any]:
    scores = {
        scenario: {"cmkp": {"all": {"f1@1": value / 2, "f1@3": value, "map@5": value}}}
        for scenario, value in f1.items()
    }
    return {"condition": condition, "seed": seed, "updates": 294, "scores": scores}


def test_differences_are_taken_seed_by_seed_over_those_that_both_have() -> None:
    runs = [
        *(run("standard", seed, {"clean": 0.4 + seed / 10}) for seed in (0, 1, 2)),
        *(run("aimkp", seed, {"clean": 0.45 + seed / 10, "shuffled": 0.3}) for seed in (0, 1)),
    ]
    summary = summarise(runs)
    (row,) = summary["differences"]
    assert (row["condition"], row["minus"], row["seeds"]) == ("aimkp", "standard", 2)
    assert row["f1@3"] == {
        "mean": pytest.approx(0.05),
        "low": pytest.approx(0.05),
        "high": pytest.approx(0.05),
    }
    scores = {(row["condition"], row["scenario"]): row for row in summary["scores"]}
    assert scores["standard", "clean"]["f1@3"]["mean"] == pytest.approx(0.5)
    assert scores["aimkp", "shuffled"]["seeds"] == 2
    assert ("standard", "shuffled") not in scores


def test_a_report_is_written_from_the_runs_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(result, "RESULTS", tmp_path)
    folder = tmp_path / "pocket"
    folder.mkdir()
    for name, scenarios in (("standard", SCENARIOS), ("aimkp", SCENARIOS),
                            ("aimkp-lessons", FEW_SCENARIOS)):  # fmt: skip
        content = run(name, 0, dict.fromkeys(scenarios, 0.4321))
        (folder / f"{name}-0.json").write_text(json.dumps(content))
    report(folder)

    printed = capsys.readouterr().out
    assert "| standard | clean | 1 | 0.216 | 0.432 | 0.432 |" in printed
    assert "| aimkp-lessons minus aimkp | image-only | 1 | +0.000 | +0.000 | +0.000 |" in printed
    assert (tmp_path / "pocket_study.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "pocket_study.json").read_text())["runs"] == 3


def test_no_runs_no_report(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no runs in"):
        report(tmp_path)
