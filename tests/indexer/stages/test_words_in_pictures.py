"""OCR in the decode stage: what the model is shown, and what is done again."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from indexer.index.protocol import Index
from indexer.stages.columns import Action
from posts.ocr import read_words
from tests.indexer.stages.night import Night, lines, phrases
from tests.sample_pictures import encoded, written


def with_a_sign(folder: Path) -> Path:
    """A post with words in its picture, one without and one without a picture."""
    texts = {"sign": "a house", "empty": "a wall", "bare": "a thought"}
    posts = [{"id": name, "text": text, "image_uri": f"{name}.png"} for name, text in texts.items()]
    del posts[-1]["image_uri"]
    lines(folder, posts)
    sign = written((10, 20, "boat club", 30), size=(200, 80))
    (folder / "sign.png").write_bytes(encoded(sign))
    (folder / "empty.png").write_bytes(encoded(Image.new("RGB", sign.size, "white")))
    return folder


def test_words_in_a_picture_reach_the_model_and_not_the_index(tmp_path: Path, index: Index) -> None:
    folder = with_a_sign(tmp_path / "dump")
    assert phrases(Night(folder, index).go())["sign"] == ["house", "80x32"]
    outcomes = Night(folder, index, read_words=read_words).go()
    # A line of writing that ends with the words in the picture; the picture is as small as ever.
    assert phrases(outcomes) == {"sign": ["club", "80x32"], "empty": ["wall", "80x32"]}
    assert {document.id: document.text for document in outcomes.documents}["sign"] == "a house"


def test_ocr_generates_anew_what_has_a_picture_and_nothing_else(
    tmp_path: Path, index: Index
) -> None:
    folder = with_a_sign(tmp_path / "dump")
    Night(folder, index).go()
    with_ocr = {"sign": Action.GENERATE, "empty": Action.GENERATE, "bare": Action.UNCHANGED}
    assert Night(folder, index, read_words=read_words).actions() == with_ocr
    Night(folder, index, read_words=read_words).go()
    assert set(Night(folder, index, read_words=read_words).actions().values()) == {Action.UNCHANGED}
    assert Night(folder, index).actions() == with_ocr


def test_a_post_whose_words_cannot_be_read_is_indexed_and_tried_again(
    tmp_path: Path, index: Index
) -> None:
    folder = with_a_sign(tmp_path / "dump")
    failing = Night(folder, index, read_words=lambda picture: None).go()
    assert phrases(failing)["sign"] == ["house", "80x32"]
    assert (len(failing.documents), failing.letters) == (3, [])
    again = Night(folder, index, read_words=read_words)
    assert again.actions() == {
        "sign": Action.GENERATE,
        "empty": Action.GENERATE,
        "bare": Action.UNCHANGED,
    }
    assert phrases(again.go())["sign"] == ["club", "80x32"]
    assert set(Night(folder, index, read_words=read_words).actions().values()) == {Action.UNCHANGED}


def test_pictures_of_unchanged_posts_are_not_read(tmp_path: Path, index: Index) -> None:
    folder = with_a_sign(tmp_path / "dump")
    Night(folder, index, read_words=read_words).go()

    def refuse(picture: Image.Image) -> str:
        raise AssertionError("a picture was read")

    assert Night(folder, index, read_words=refuse).go().unchanged == 3
