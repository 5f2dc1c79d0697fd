"""The study of label noise and ablations."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import result
from bench.ablation import run_all
from bench.seeds import interval
from bench.study.conditions import CONDITIONS, SCENARIOS, Condition, Plan, plans
from bench.study.label_noise import swap_labels
from bench.study.report import report
from bench.study.run_files import is_finished, write_run
from bench.study.summary import METRICS
from posts.post import Post
from trainer.metrics import score

POSTS = [Post(id=str(n), text=f"post {n}", keyphrases=(f"phrase {n}",)) for n in range(50)]
STANDARD = Condition(name="standard", noise=0.2, settings={"method": "standard"})
AIMKP = Condition(name="aimkp", noise=0.2, settings={"method": "aimkp"})
NO_FILTER = next(one for one in CONDITIONS if one.name == "no-filter")


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 1.0])
def test_a_share_of_the_posts_has_the_labels_of_another_and_none_its_own(share: float) -> None:
    swapped, rows = swap_labels(POSTS, share, seed=3)
    changed = [row for row, post in enumerate(swapped) if post.keyphrases != POSTS[row].keyphrases]
    assert changed == rows
    assert len(rows) == share * len(POSTS)
    assert sorted(p.keyphrases or () for p in swapped) == sorted(p.keyphrases or () for p in POSTS)
    assert [(post.id, post.text) for post in swapped] == [(post.id, post.text) for post in POSTS]


def test_more_noise_adds_to_less_and_another_seed_chooses_others() -> None:
    few, many, other = (
        set(swap_labels(POSTS, share, seed)[1]) for share, seed in ((0.2, 0), (0.4, 0), (0.2, 1))
    )
    assert few < many
    assert few != other


def test_the_conditions_differ_only_in_what_their_names_say() -> None:
    configs = {plan.name: plan.settings() for plan in plans([0])}
    assert len(configs) == 14
    full = configs["aimkp-noise20-seed0"]
    for name, changed in {
        "no-filter": {"tau_image", "tau_text"},
        "no-text-masking": {"largest_text_stride"},
        "no-image-masking": {"largest_image_stride"},
        "fixed-stride-2": {"largest_text_stride", "largest_image_stride"},
    }.items():
        settings = configs[f"{name}-noise20-seed0"]
        assert {key: one for key, one in settings.items() if key != "config"} == {
            key: one for key, one in full.items() if key != "config"
        }
        assert full["config"].items() <= settings["config"].items()
        assert settings["config"].keys() - full["config"].keys() == changed


def test_a_finished_run_is_not_run_again_unless_its_settings_change(tmp_path: Path) -> None:
    tiny = replace(AIMKP, train_posts=10, epochs=2)
    plan = Plan(condition=tiny, seed=1, test_posts=3)
    assert run_all([plan], tmp_path, workers=1) == [plan]
    (path,) = tmp_path.iterdir()
    measured = json.loads(path.read_text())
    assert set(measured["scores"]) == set(SCENARIOS)
    first, second = measured["views"]
    assert first["text"]["right labels"] is None
    assert second["text"]["right labels"]["made"] == 8
    assert second["image"]["wrong labels"]["made"] == 2
    assert all(loss > 0 for loss in measured["label_loss"].values())
    assert run_all([plan], tmp_path, workers=1) == []
    assert json.loads(path.read_text()) == measured
    longer = Plan(condition=replace(tiny, epochs=3), seed=1, test_posts=3)
    assert not is_finished(longer, tmp_path)


def test_the_report_is_made_from_run_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(result, "RESULTS", tmp_path)
    runs = tmp_path / "ablation"
    for seed, (standard, aimkp, no_filter) in enumerate([(0.5, 0.6, 0.55), (0.4, 0.7, 0.65)]):
        for condition, f1 in ((STANDARD, standard), (AIMKP, aimkp), (NO_FILTER, no_filter)):
            write_run(Plan(condition=condition, seed=seed), measured(f1), runs)
    report(runs)
    content = json.loads((tmp_path / "ablation.json").read_text())
    (difference,) = (
        row for row in content["aimkp_minus_standard"] if row["scenario"] == "image-only"
    )
    # Half a width is t(0.975, 1) = 12.7062 times 0.2 / sqrt(2) / sqrt(2).
    assert difference["f1@3"] == {"mean": 0.2, "low": -1.07062, "high": 1.47062}
    assert content["aimkp_minus_standard_over_all_noise"][2]["f1@3"] == difference["f1@3"]
    assert {row["f1@3"]["mean"] for row in content["ablations_minus_aimkp"]} == {-0.05}
    assert content["views"][0]["kept, wrong labels"]["mean"] == 0.75
    assert content["seeds"] == [0, 1]
    assert (tmp_path / "ablation.png").read_bytes().startswith(b"\x89PNG")
    assert "| 20% | image-only | +0.200 ± 1.271 |" in capsys.readouterr().out


def test_one_value_has_no_interval() -> None:
    assert interval([0.5]) == {"mean": 0.5, "low": None, "high": None}
    assert interval([]) is None
    assert math.isclose(interval([0.0, 1.0, 2.0])["high"], 1 + 4.30265 / math.sqrt(3), rel_tol=1e-5)  # type: ignore[index,arg-type]  # three values have one


def measured(f1: float) -> dict[str, Any]:
    """What a run might have measured, with all scores alike."""
    scores = score([])["cmkp"]
    scores["all"] = dict.fromkeys(METRICS, f1)
    labels = {
        "right labels": {"made": 30, "kept": 0.5, "cosine": 0.2, "stride": 2.0},
        "wrong labels": {"made": 10, "kept": 0.75, "cosine": 0.3, "stride": 2.0},
    }
    unmasked = dict.fromkeys(labels)
    views = [
        {modality: {**one, "auc": auc} for modality in ("image", "text")}
        for one, auc in ((unmasked, None), (labels, 0.4))
    ]
    losses = ("right labels", "wrong labels", "right labels of posts with wrong ones")
    return {
        "updates": 78,
        "train_seconds": 30.0,
        "epoch_losses": [1.0, 0.5],
        "scores": dict.fromkeys(SCENARIOS, scores),
        "views": views,
        "label_loss": dict.fromkeys(losses, 0.1),
    }
