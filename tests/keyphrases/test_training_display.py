"""What a person sees of an epoch's masked views while a training goes on."""

from __future__ import annotations

from typing import Any

import pytest

from keyphrases.console import Bar
from keyphrases.training_display import TrainingDisplay
from tests.trainer.histories import history
from trainer.progress import Validated


def shown(capsys: pytest.CaptureFixture[str], entry: dict[str, Any]) -> list[str]:
    """The lines on stderr after an epoch."""
    with Bar("train") as bar:
        TrainingDisplay(bar)(Validated(**entry, best=False))
    told = capsys.readouterr()
    assert told.out == ""
    return told.err.splitlines()


def row(lines: list[str], name: str) -> list[str]:
    (found,) = [line for line in lines if f" {name} " in line]
    return [cell.strip() for cell in found.split("│")[1:-1]]


def test_views_are_told_by_modality_with_the_noisiest_posts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry = history(3)[-1]
    entry["views"]["image"] |= {
        "made": 1200,
        "kept_share": 0.8754,
        "strides": {"16": 300, "2": 894, "4": 6},
        "cosines": {"quantiles": {"5": -0.004, "25": 0.2, "50": 0.6, "75": 0.7, "95": 0.91}},
    }
    entry["views"]["noisiest"] = [
        {"id": f"post-{number}", "modality": "text", "cosine": -0.125, "made": 2, "dropped": 2}
        for number in range(5)
    ]
    lines = shown(capsys, entry)
    assert lines[0].startswith("epoch 3: loss 0.333")
    assert row(lines, "image") == [
        *("3", "image", "1,200", "87.5%", "2:74% 16:25%", "0.60", "0.00..0.91")
    ]
    assert row(lines, "text")[:3] == ["3", "text", "20"]
    assert lines[-1].startswith("noisiest posts: post-0 (text dropped 2 of 2, cosine -0.12), ")
    assert ("post-2" in lines[-1], "post-3" in lines[-1]) == (True, False)


def test_frozen_strides_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    entry = history(3)[-1]
    entry["views"]["text"] |= {"strides": {"2": 20}, "frozen": 4}
    assert row(shown(capsys, entry), "text")[4] == "2:100% (4 frozen)"


@pytest.mark.parametrize("entry", [history(2)[0], history(2, masked=())[1]])
def test_an_epoch_without_masked_views_is_one_line(
    capsys: pytest.CaptureFixture[str], entry: dict[str, Any]
) -> None:
    assert len(shown(capsys, entry)) == 1


def test_no_line_of_noisy_posts_where_nothing_was_dropped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "noisiest" not in "".join(shown(capsys, history(2, tau=-1)[1]))


def test_an_id_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    entry = history(2)[1]
    noisy = {"modality": "text", "cosine": -0.5, "made": 1, "dropped": 1}
    entry["views"]["noisiest"] = [
        {"id": "[red]a[/red]\x1b[2J\n", **noisy},
        {"id": "b" * 1000, **noisy},
    ]
    line = shown(capsys, entry)[-1]
    assert "[red]a[/red] [2J (text" in line
    assert len(line) < 200
