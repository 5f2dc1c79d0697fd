"""What a person finds beside a checkpoint."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.trainer.histories import history
from trainer import insight_files, insight_plot
from trainer.aimkp.strides import Modality
from trainer.insight_files import write_insight


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    assert picture.format == "PNG"
    return picture


def colours(data: bytes) -> set[tuple[int, ...]]:
    counted = opened(data).convert("RGB").getcolors(1 << 24)
    assert counted is not None
    return {colour for count, colour in counted if count > 50}  # type: ignore[misc]


def test_there_is_a_line_for_each_epoch(tmp_path: Path) -> None:
    entries = history(3)
    entries[1]["scores"]["cmkp"]["all"] |= {"f1@1": 0.25, "f1@3": 0.5, "map@5": 0.75}
    write_insight(tmp_path, entries)
    lines = [json.loads(one) for one in (tmp_path / "insight.jsonl").read_text().splitlines()]
    assert [line["views"] for line in lines] == [entry["views"] for entry in entries]
    del lines[1]["views"]
    assert lines[1] == {"epoch": 2, "loss": 0.5, "f1@1": 0.25, "f1@3": 0.5, "map@5": 0.75}
    opened((tmp_path / "insight.png").read_bytes())


def test_before_the_first_epoch_has_ended_there_is_nothing_to_draw(tmp_path: Path) -> None:
    write_insight(tmp_path, [])
    assert [file.name for file in tmp_path.iterdir()] == ["insight.jsonl"]
    assert (tmp_path / "insight.jsonl").read_text() == ""


def test_a_plot_that_cannot_be_drawn_is_only_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_epochs: object) -> bytes:
        raise RuntimeError("no fonts")

    monkeypatch.setattr(insight_plot, "draw_insight", fail)
    insight_files._plot.cache_clear()
    with caplog.at_level(logging.WARNING):
        write_insight(tmp_path, history(2))
    assert [file.name for file in tmp_path.iterdir()] == ["insight.jsonl"]
    assert "no insight.png was drawn" in caplog.text


def test_checkpoints_within_an_epoch_draw_their_plot_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def draw(epochs: list[object]) -> bytes:
        drawn.append(len(epochs))
        return b"plot"

    monkeypatch.setattr(insight_plot, "draw_insight", draw)
    insight_files._plot.cache_clear()
    for epochs in (1, 1, 2, 2):
        write_insight(tmp_path, history(epochs))
    assert drawn == [1, 2]
    insight_files._plot.cache_clear()


def lines_of(folder: Path, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    write_insight(folder, entries)
    return [json.loads(one) for one in (folder / "insight.jsonl").read_text().splitlines()]


def test_the_same_epochs_give_the_same_plot_and_others_another(tmp_path: Path) -> None:
    epochs = lines_of(tmp_path, history(3))
    drawn = insight_plot.draw_insight(epochs)
    assert insight_plot.draw_insight(epochs) == drawn
    assert insight_plot.draw_insight(epochs[:2]) != drawn


def test_both_modalities_and_what_was_dropped_are_seen(tmp_path: Path) -> None:
    teal, orange, grey = (18, 122, 131), (200, 96, 27), (195, 201, 207)
    seen = colours(insight_plot.draw_insight(lines_of(tmp_path, history(4))))
    assert {teal, orange, grey} <= seen
    all_kept = colours(insight_plot.draw_insight(lines_of(tmp_path, history(4, tau=-1))))
    assert grey not in all_kept
    plain = colours(insight_plot.draw_insight(lines_of(tmp_path, history(4, masked=()))))
    assert not {teal, orange, grey} & plain


@pytest.mark.parametrize("modality", Modality)
@pytest.mark.filterwarnings("error::UserWarning")
def test_a_modality_that_is_not_masked_is_not_drawn(tmp_path: Path, modality: Modality) -> None:
    """And leaves its room to the other: a layout that fails is a warning."""
    both = insight_plot.draw_insight(lines_of(tmp_path, history(3)))
    one = insight_plot.draw_insight(lines_of(tmp_path, history(3, masked=[modality])))
    hues = {Modality.IMAGE: (18, 122, 131), Modality.TEXT: (200, 96, 27)}
    assert colours(one) & set(hues.values()) == {hues[modality]}
    assert opened(one).size == opened(both).size
