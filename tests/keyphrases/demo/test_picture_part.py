"""`keyphrases demo --pictures`: somebody's pictures, indexed and shown, on the suite's own Ray."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from indexer.index.location import open_index
from indexer.search.answer import query_of
from keyphrases.commands.demo import command
from posts.errors import JobError

pytestmark = [pytest.mark.timeout(450), pytest.mark.usefixtures("ray_session")]


@dataclass(frozen=True)
class Shown:
    """What a demo left and said."""

    folder: Path
    output: str
    errors: str

    @property
    def index(self) -> str:
        return f"embedded:{self.folder / 'own-pictures-index'}"

    @property
    def page(self) -> str:
        return (self.folder / "own-pictures.html").read_text()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with a picture with a text, one without, and a broken one."""
    folder = tmp_path / "my pictures"
    (folder / "deeper").mkdir(parents=True)
    for name in ("cat.png", "dog.png", "deeper/fox.png"):
        Image.new("RGB", (90, 60), "red").save(folder / name)
    (folder / "cat.txt").write_text("asleep on the [red] sofa")
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


def run(pictures: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> Shown:
    out = pictures.parent / "out"
    model = ("--store", str(store), "--model", "random")
    command.main(["--pictures", str(pictures), "--out", str(out), *model], standalone_mode=False)
    return Shown(out, *capsys.readouterr())


def test_pictures_are_indexed_and_shown_and_nothing_is_trained(
    pictures: Path, random_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = run(pictures, random_store, capsys)

    assert "Fine-tune" not in shown.output
    assert not (shown.folder / "store").exists()
    assert "asleep on the [red] sofa  cat.png" in shown.output
    assert "(no text)  dog.png" in shown.output
    assert "gold" not in shown.output
    assert f"--facets --index {shown.index}" in shown.output
    assert shown.page.count("<article>") == shown.page.count("<img ") == 2
    found = open_index(shown.index).reader.search(query_of("sofa"))
    assert [hit.id for hit in found.hits] == ["cat.png"]


def test_a_broken_picture_becomes_a_dead_letter_and_is_told(
    pictures: Path, random_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = run(pictures, random_store, capsys)

    assert "broken.jpg: broken picture: not a picture" in shown.errors
    (summary,) = re.findall(r"^\{.*\}$", shown.output, re.MULTILINE)
    counts = json.loads(summary)
    assert (counts["read"], counts["indexed"], counts["dead"]) == (3, 2, 1)


def test_a_second_folder_takes_the_place_of_the_first(
    pictures: Path, random_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(pictures, random_store, capsys)
    other = pictures.parent / "other"
    other.mkdir()
    (pictures / "dog.png").rename(other / "dog.png")

    shown = run(other, random_store, capsys)

    found = open_index(shown.index).reader.search(query_of(""))
    assert [hit.id for hit in found.hits] == ["dog.png"]


def test_pictures_of_which_none_can_be_indexed_end_in_an_error(
    pictures: Path, random_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("cat.png", "dog.png"):
        (pictures / name).write_bytes(b"no picture either")

    with pytest.raises(JobError, match="my pictures"):
        run(pictures, random_store, capsys)

    told = capsys.readouterr().err
    assert all(f"{name}: broken picture" in told for name in ("broken.jpg", "cat.png", "dog.png"))


def test_of_too_many_pictures_the_first_are_taken_and_that_is_told(
    pictures: Path,
    random_store: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("keyphrases.commands.demo.MOST_PICTURES", 2)
    shown = run(pictures, random_store, capsys)

    assert "of 3 pictures the first 2 by name are taken" in shown.errors
    assert shown.page.count("<article>") == 1
    assert "dog.png" not in shown.page
