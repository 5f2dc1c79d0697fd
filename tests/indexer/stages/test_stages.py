"""The stages as plain functions, from a dump to finished posts, beside a real index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from indexer.hashing import Hasher
from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.records import Build
from indexer.outcomes import Outcomes, outcomes_of
from indexer.stages.ask import Ask
from indexer.stages.columns import ASKED, DECODED, FINISHED, Action
from indexer.stages.decode import Decode, ReadWords, shrink
from indexer.stages.generate import Generate
from indexer.stages.read import Read
from indexer.takedown import take_down
from posts.dump import Dump
from posts.duplicates import Duplicates, hash_ids
from posts.errors import PostError, Reason
from posts.files import FileInfo
from posts.ocr import read_words
from posts.phrases import Keyphrase
from posts.post import POST_SCHEMA, Post
from tests.indexer.dumps import BAD_LINES, good_rows, jpeg, write_dump
from tests.indexer.stand_in import LastWord, refuse_to_load
from tests.sample_pictures import encoded, written

SIDE = 32


class Night:
    """One run's stages over a dump and an index, without Ray."""

    def __init__(
        self,
        folder: Path,
        index: Index,
        *,
        keep_text: bool = False,
        read_words: ReadWords | None = None,
    ) -> None:
        self.index = index
        dump = Dump.open(str(folder))
        fragments = dump.fragments()
        duplicates = Duplicates.find([hash_ids(dump.ids(each)) for each in fragments])
        hasher = Hasher(model_digest="digest", ocr=read_words and "ocr 1.0")
        self.fragments = range(len(fragments))
        self.read = Read(dump, fragments, duplicates, rows=50)
        self.ask = Ask(dump, index, hasher, rows=16, keep_text=keep_text)
        self.decode = Decode(dump, hasher, SIDE, keep_text=keep_text, read_words=read_words)

    def asked(self) -> list[pa.Table]:
        return [asked for posts in self.posts() for asked in self.ask(posts)]

    def posts(self) -> list[pa.Table]:
        return [posts for number in self.fragments for posts in self.read(number)]

    def actions(self) -> dict[str, str]:
        rows = [row for table in self.asked() for row in table.to_pylist()]
        return {row["id"]: row["action"] for row in rows}

    def go(self, load: Callable[[], Any] = LastWord) -> Outcomes:
        """All stages, and the writes."""
        generate = Generate(load)
        done = pa.concat_tables([generate(self.decode(table)) for table in self.asked()])
        outcomes = outcomes_of(done, "run")
        self.index.write(outcomes.documents, outcomes.updates, outcomes.letters)
        return outcomes


@pytest.fixture
def index(tmp_path: Path) -> Index:
    opened = open_index(f"embedded:{tmp_path / 'index'}")
    opened.begin(Build(model="m@1", model_digest="digest"))
    return opened


def lines(folder: Path, posts: Iterable[Mapping[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "a.jsonl").write_text("".join(json.dumps(post) + "\n" for post in posts))
    return folder


def test_tables_stay_small_and_have_fixed_columns(tmp_path: Path, index: Index) -> None:
    night = Night(write_dump(tmp_path / "dump", good_rows(60)), index)
    tables = night.posts()
    assert sum(map(len, tables)) == 60 + len(BAD_LINES)
    assert all(len(table) <= 50 and table.schema == POST_SCHEMA for table in tables)
    for asked in night.asked():
        assert asked.schema == ASKED
        decoded = night.decode(asked)
        assert decoded.schema == DECODED
        assert Generate(LastWord)(decoded).schema == FINISHED


def test_asking_again_after_a_commit_gives_tables_of_the_same_posts(
    tmp_path: Path, index: Index
) -> None:
    """As when a worker dies: Ray takes the outputs of the second try by their position."""
    folder = write_dump(tmp_path / "dump", good_rows(60))
    night = Night(folder, index)
    before = night.asked()
    assert max(map(len, before)) == 16
    some = pa.concat_tables([Generate(LastWord)(night.decode(table)) for table in before[1:3]])
    outcomes = outcomes_of(some, "run")
    index.write(outcomes.documents, outcomes.updates, outcomes.letters)
    after = night.asked()
    sources = [table.column("source").to_pylist() for table in before]
    assert [table.column("source").to_pylist() for table in after] == sources
    actions = {action for table in after for action in table.column("action").to_pylist()}
    assert actions == {Action.GENERATE, Action.UNCHANGED, Action.DEAD}


def test_a_second_night_needs_no_model_and_carries_neither_text_nor_picture(
    tmp_path: Path, index: Index
) -> None:
    folder = write_dump(tmp_path / "dump", good_rows(10))
    assert len(Night(folder, index).go().documents) == 10
    night = Night(folder, index)
    for table in night.asked():
        assert set(table.column("text").to_pylist()) == {""}
        assert table.column("image").null_count == len(table)
    outcomes = night.go(refuse_to_load)
    assert (outcomes.unchanged, len(outcomes.known_letters)) == (10, len(BAD_LINES))
    assert outcomes.documents + outcomes.updates + outcomes.letters == []


def test_a_changed_picture_beside_the_dump_is_noticed(tmp_path: Path, index: Index) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(jpeg(1, 64, 64))
    Night(folder, index).go()
    assert Night(folder, index).actions() == {"a": Action.UNCHANGED}
    (folder / "cat.jpg").write_bytes(jpeg(2, 96, 64))
    assert Night(folder, index).actions() == {"a": Action.GENERATE}


def test_a_new_date_updates_without_a_model_and_keeps_keyphrases(
    tmp_path: Path, index: Index
) -> None:
    post = {"id": "a", "text": "a cat", "created_at": "2026-01-01"}
    Night(lines(tmp_path / "dump", [post]), index).go()
    later = lines(tmp_path / "dump", [post | {"created_at": "2026-02-02", "lang": "en"}])
    outcomes = Night(later, index).go(refuse_to_load)
    assert [update.id for update in outcomes.updates] == ["a"]
    assert outcomes.updates[0].extra == {"lang": "en"}
    assert Night(later, index).actions() == {"a": Action.UNCHANGED}


def test_a_post_that_breaks_leaves_the_index_and_comes_back_when_mended(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    picture = folder / "cat.jpg"
    picture.write_bytes(jpeg(1))
    Night(folder, index).go()
    picture.write_bytes(b"no picture")
    outcomes = Night(folder, index).go()
    assert [letter.replaces for letter in outcomes.letters] == [True]
    assert (index.count(), set(index.dead(["a"]))) == (0, {"a"})
    picture.write_bytes(jpeg(1))
    Night(folder, index).go()
    assert (index.count(), dict(index.dead(["a"]))) == (1, {})


def test_a_permanent_dead_letter_is_not_decoded_again(tmp_path: Path, index: Index) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(b"no picture")
    Night(folder, index).go()
    assert Night(folder, index).actions() == {"a": Action.DEAD}


def test_a_failure_of_the_model_is_tried_again_by_the_next_run(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "poison"}, {"id": "b", "text": "cat"}])
    outcomes = Night(folder, index).go()
    assert [document.id for document in outcomes.documents] == ["b"]
    assert [letter.transient for letter in outcomes.letters] == [True]
    assert Night(folder, index).actions() == {"a": Action.GENERATE, "b": Action.UNCHANGED}


def test_text_of_a_broken_picture_is_kept_if_asked_for(tmp_path: Path, index: Index) -> None:
    posts = [
        {"id": "broken", "text": "a cat", "image_uri": "cat.jpg"},
        {"id": "missing", "text": "a dog", "image_uri": "none.jpg"},
        {"id": "bare", "image_uri": "cat.jpg"},
    ]
    folder = lines(tmp_path / "dump", posts)
    (folder / "cat.jpg").write_bytes(b"no picture")
    assert {letter.id for letter in Night(folder, index).go().letters} == {
        "broken",
        "missing",
        "bare",
    }

    kept = Night(folder, index, keep_text=True).go()
    assert {document.id: document.has_picture for document in kept.documents} == {
        "broken": False,
        "missing": False,
    }
    again = Night(folder, index, keep_text=True)
    assert again.actions() == {
        "broken": Action.UNCHANGED,
        "missing": Action.UNCHANGED,
        "bare": Action.DEAD,
    }
    (folder / "cat.jpg").write_bytes(jpeg(1))
    assert Night(folder, index, keep_text=True).actions()["broken"] == Action.GENERATE


def test_without_that_wish_a_text_kept_before_becomes_a_dead_letter(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(b"no picture")
    Night(folder, index, keep_text=True).go()
    assert index.count() == 1
    Night(folder, index).go()
    assert (index.count(), set(index.dead(["a"]))) == (0, {"a"})


class Throttled(Dump):
    """A dump whose pictures cannot be had for now."""

    def picture_versions(self, posts: Sequence[Post]) -> list[str | PostError | None]:
        return ["changed" for _ in posts]

    def picture(self, post: Post) -> bytes:
        raise PostError(Reason.PICTURE_UNAVAILABLE, "slow down", transient=True)


def test_a_passing_fault_does_not_take_a_document_out_of_searches(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(jpeg(1))
    Night(folder, index).go()
    night = Night(folder, index)
    throttled = Throttled(Dump.open(str(folder)).files)
    night.ask._dump = night.decode._dump = throttled
    outcomes = night.go()
    assert [(each.transient, each.replaces) for each in outcomes.letters] == [(True, False)]
    assert index.count() == 1
    Night(folder, index).go()
    assert dict(index.dead(["a"])) == {}


def test_a_picture_whose_version_is_not_to_be_had_for_now_changes_nothing(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(jpeg(1))
    Night(folder, index).go()
    before = index.held(["a"])
    night = Night(folder, index)

    info = night.ask._dump.files.info

    def throttled(name: str) -> FileInfo | None:
        if name == "cat.jpg":
            raise TimeoutError("slow down")
        return info(name)

    monkeypatch.setattr(night.ask._dump.files, "info", throttled)
    (letter,) = night.go().letters
    assert (letter.reason, letter.transient) == (Reason.PICTURE_UNAVAILABLE, True)
    assert index.held(["a"]) == before


def test_pictures_reach_the_model_as_small_as_it_wants_them(tmp_path: Path, index: Index) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(jpeg(1, width=200, height=100))
    document = Night(folder, index).go().documents[0]
    assert [one.phrase for one in document.keyphrases] == ["cat", "64x32"]


@pytest.mark.parametrize(
    ("before", "after"),
    [((200, 100), (64, 32)), ((20, 100), (20, 100)), ((250, 32), (250, 32))],
)
def test_only_a_short_side_that_is_too_long_is_shrunk(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    assert shrink(Image.new("RGB", before), SIDE).size == after


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


def phrases(outcomes: Outcomes) -> dict[str, list[str]]:
    return {
        document.id: [one.phrase for one in document.keyphrases] for document in outcomes.documents
    }


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


class Counted(LastWord):
    """Counts how many posts it was asked about, time after time."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, texts: Sequence[str], pictures: Sequence[Any]) -> list[list[Keyphrase]]:
        self.asked.append(len(texts))
        return super().__call__(texts, pictures)


def test_a_poisonous_post_is_found_by_halves(tmp_path: Path, index: Index) -> None:
    posts = [{"id": f"p{n:02}", "text": "poison" if n == 11 else "a cat"} for n in range(16)]
    model = Counted()
    outcomes = Night(lines(tmp_path / "dump", posts), index).go(lambda: model)
    assert len(outcomes.documents) == 15
    (letter,) = outcomes.letters
    assert (letter.id, letter.reason) == ("p11", Reason.MODEL_FAILED)
    assert model.asked == [16, 8, 8, 4, 2, 2, 1, 1, 4]


def test_a_post_that_was_taken_down_stays_out_whatever_it_becomes(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "one"}, {"id": "b", "text": "two"}])
    Night(folder, index).go()
    assert take_down(index, ["a", "a"], "a complaint", "run") == 1
    lines(folder, [{"id": "a", "text": "changed"}, {"id": "b", "text": "two"}])
    outcomes = Night(folder, index).go(refuse_to_load)
    assert (outcomes.unchanged, outcomes.letters) == (1, [])
    (known,) = outcomes.known_letters
    assert (known.id, known.reason, known.detail) == ("a", Reason.TAKEN_DOWN, "a complaint")
    assert set(index.held(["a", "b"])) == {"b"}
    # Nor does a fault of its own take the place of that.
    lines(folder, [{"id": "a", "text": "", "image_uri": "gone.jpg"}, {"id": "b", "text": "two"}])
    (known,) = Night(folder, index).go(refuse_to_load).known_letters
    assert known.reason == Reason.TAKEN_DOWN
