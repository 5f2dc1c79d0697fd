"""Posts with several pictures or long text, through all stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from indexer.hashing import Hasher, identity_of_bytes, identity_of_several
from indexer.index.protocol import Index
from indexer.pipeline.verdicts import VerdictNotes
from indexer.stages.columns import ASKED, Action
from indexer.stages.sieve import Sieve
from posts.phrases import Keyphrase
from posts.post import Post
from posts.records import MOST_PICTURES
from tests.indexer.dumps import jpeg
from tests.indexer.stages.night import LONGEST_TEXT, Night, lines, phrases
from tests.indexer.stand_in import LastWord


class Asked(LastWord):
    """Tells what it was asked: texts, and sizes of pictures."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, tuple[int, int] | None]] = []

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        sizes = [None if picture is None else picture.size for picture in pictures]
        self.posts += zip(texts, sizes, strict=True)
        return super().__call__(texts, pictures)


def write(folder: Path, **post: Any) -> Path:
    """A dump of one post; pictures are of 1, 2 and so on times 10 pixels' width."""
    lines(folder, [{"id": "1"} | post])
    for number in range(1, 5):
        (folder / f"{number}.jpg").write_bytes(jpeg(number, 10 * number, 20))
    return folder


def names(*numbers: int) -> list[str]:
    return [f"{number}.jpg" for number in numbers]


def sizes(*numbers: int) -> set[str]:
    return {f"{10 * number}x20" for number in numbers}


def test_each_picture_is_asked_and_the_answers_are_one(tmp_path: Path, index: Index) -> None:
    night = Night(write(tmp_path / "dump", text="see the cat", image_uris=names(1, 2, 3)), index)
    outcomes = night.go()
    assert phrases(outcomes) == {"1": ["cat", "10x20", "20x20", "30x20"]}
    (document,) = outcomes.documents
    assert document.has_picture
    assert document.image_uri == "1.jpg"
    assert document.keyphrases[0].score == pytest.approx(1 - 0.1**3)
    assert (document.lead_picture, document.summary) == (0, None)
    assert Night(tmp_path / "dump", index).actions() == {"1": "unchanged"}


def test_a_long_text_is_read_to_its_end(tmp_path: Path, index: Index) -> None:
    model = Asked()
    text = " ".join(f"This is the sentence number {number}." for number in range(1000))
    night = Night(write(tmp_path / "dump", text=text, image_uri="2.jpg"), index)
    outcomes = night.go(lambda: model)
    # At first the picture alone.
    assert model.posts[0] == ("", (20, 20))
    assert [size for _, size in model.posts[1:]] == [(20, 20), *[None] * 7]
    assert text.startswith(model.posts[1][0])
    assert all(part in text for part, _ in model.posts[1:])
    starts = [text.index(part) for part, _ in model.posts[1:]]
    assert starts == pytest.approx([len(text) * number / 8 for number in range(8)], abs=60)
    assert outcomes.documents[0].summary is not None
    assert all(part in text for part in outcomes.documents[0].summary.split(" … "))
    assert "20x20" in phrases(outcomes)["1"]
    assert Night(tmp_path / "dump", index).actions() == {"1": "unchanged"}


def test_other_posts_are_asked_as_ever(tmp_path: Path, index: Index) -> None:
    model = Asked()
    text = "x" * LONGEST_TEXT
    Night(write(tmp_path / "dump", text=text, image_uri="2.jpg"), index).go(lambda: model)
    assert model.posts == [(text, (20, 20))]


def test_a_change_of_any_picture_is_noticed(tmp_path: Path, index: Index) -> None:
    folder = write(tmp_path / "dump", text="cat", image_uris=names(1, 2, 3))
    Night(folder, index).go()
    (folder / "3.jpg").write_bytes(jpeg(9, 70, 20))
    night = Night(folder, index)
    assert night.actions() == {"1": "generate"}
    assert "70x20" in phrases(night.go())["1"]
    lines(folder, [{"id": "1", "text": "cat", "image_uris": names(1, 3, 2)}])
    assert Night(folder, index).actions() == {"1": "generate"}


@pytest.mark.parametrize("text", ["see the cat", ""])
@pytest.mark.parametrize("fault", ["missing", "broken", "refused"])
def test_one_broken_picture_of_several(tmp_path: Path, index: Index, text: str, fault: str) -> None:
    folder = write(tmp_path / "dump", text=text, image_uris=names(1, 2, 3))
    if fault == "missing":
        (folder / "2.jpg").unlink()
    elif fault == "broken":
        (folder / "2.jpg").write_bytes(b"no picture")
    else:
        uris = [*names(1), "http://example.com/2.jpg", *names(3)]
        lines(folder, [{"id": "1", "text": text, "image_uris": uris}])
    outcomes = Night(folder, index).go()
    assert [letter.reason for letter in outcomes.letters] == [
        {"missing": "picture missing", "broken": "broken picture", "refused": "picture refused"}[
            fault
        ]
    ]
    assert not outcomes.documents
    kept = Night(folder, index, keep_text=True).go()
    assert set(phrases(kept)["1"]) - {"cat"} == sizes(1, 3)
    assert Night(folder, index, keep_text=True).actions() == {"1": "unchanged"}
    assert Night(write(folder, text=text, image_uris=names(1, 2, 3)), index).actions() == {
        "1": "generate"
    }


def test_without_any_good_picture_the_text_is_kept(tmp_path: Path, index: Index) -> None:
    folder = write(tmp_path / "dump", text="cat", image_uris=["8.jpg", "9.jpg"])
    outcomes = Night(folder, index, keep_text=True).go()
    assert phrases(outcomes) == {"1": ["cat"]}
    assert not outcomes.documents[0].has_picture


@pytest.mark.parametrize("fault", ["missing", "broken"])
def test_without_a_good_picture_or_text_it_is_tried_once(
    tmp_path: Path, index: Index, fault: str
) -> None:
    folder = write(tmp_path / "dump", image_uris=["8.jpg", "9.jpg"])
    if fault == "broken":
        for name in ("8.jpg", "9.jpg"):
            (folder / name).write_bytes(b"no picture")
    reasons = {"missing": ["picture missing"], "broken": ["broken picture"]}
    # Also where it was a dead letter before there was a wish to keep what is good.
    for keep_text in (False, True):
        night = Night(folder, index, keep_text=keep_text)
        assert [letter.reason for letter in night.go().letters] == reasons[fault]
    assert Night(folder, index, keep_text=True).actions() == {"1": "dead"}
    (folder / "9.jpg").write_bytes(jpeg(9, 90, 20))
    assert phrases(Night(folder, index, keep_text=True).go()) == {"1": ["90x20"]}


def test_a_picture_that_is_missing_behind_those_that_are_shown_costs_one_generation(
    tmp_path: Path, index: Index
) -> None:
    folder = write(tmp_path / "dump", text="cat", image_uris=[*names(1, 2, 3), "9.jpg"])

    def night() -> Night:
        made = Night(folder, index, keep_text=True)
        made.decode._most = 3  # As for a model that wants large ones.
        return made

    assert set(phrases(night().go())["1"]) - {"cat"} == sizes(1, 2, 3)
    assert night().actions() == {"1": "unchanged"}


def test_words_in_every_picture_are_shown_beside_it(tmp_path: Path, index: Index) -> None:
    model = Asked()
    folder = write(tmp_path / "dump", text="cat", image_uris=names(1, 2))
    Night(folder, index, read_words=lambda picture: f"{picture.width} wide").go(lambda: model)
    assert model.posts[-2:] == [("cat\n10 wide", (10, 20)), ("cat\n20 wide", (20, 20))]


def test_the_picture_with_the_surest_caption_leads(tmp_path: Path, index: Index) -> None:
    text = "Here is nothing to see. The 30x20 is here. It ends."
    folder = write(tmp_path / "dump", text=text, image_uris=["9.jpg", *names(1, 3)])
    outcomes = Night(folder, index, keep_text=True).go()
    assert outcomes.documents[0].lead_picture == 2
    index.refresh()
    hit = index.reader.post("1")
    assert hit is not None
    assert hit.lead_picture == 2


def test_a_table_has_a_bounded_number_of_pictures() -> None:
    several = Post(id="1", image_uri="a", images=("b",) * (MOST_PICTURES - 1))
    posts = [several, several, *[Post(id="2", text="x")] * 3]
    row = {"text": "", "extra": "{}", "source": "", "generation": "", "document": ""}
    row |= {"action": Action.GENERATE, "held": False, "was_dead": False, "known": False}
    asked = pa.Table.from_pylist([row | {"id": post.id} for post in posts], schema=ASKED)
    tables = [table for _, table in Sieve(VerdictNotes(), rows=64)(0, [(posts, asked)])]
    assert [len(table) for table in tables] == [1, 1, 3, 0]


def test_documents_have_hashes_of_their_own_and_other_posts_the_old_ones() -> None:
    before, now = Hasher(model_digest="m1"), Hasher(model_digest="m1", longest_text=10)
    one = identity_of_bytes(b"1")
    for text, picture in [("a cat", one), ("a cat", None), ("", one), ("x" * 10, one)]:
        assert now.generation(text, picture) == before.generation(text, picture)
    assert now.generation("x" * 11, one) != before.generation("x" * 11, one)
    several = [[one, "a"], ["a", one], [one], [one, "a", "a"]]
    assert len({now.generation("", identity_of_several(each)) for each in several}) == 4
