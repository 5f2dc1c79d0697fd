"""The posts a model learns from."""

from dataclasses import replace
from pathlib import Path

import pytest

from posts.drawn import drawn_posts
from posts.errors import InputError, JobError
from posts.post import Post
from posts.writing import write_parquet
from tests.trainer.examples import drawn_dump, training_set
from trainer.training_set import TrainingSet

POSTS = list(drawn_posts("train", 150))


def test_examples_are_read_back_at_random(tmp_path: Path) -> None:
    examples = training_set(tmp_path, POSTS)
    assert len(examples) == 150
    for row in (149, 0, 64, 63):
        post, example = POSTS[row], examples[row]
        assert (example.id, example.text, example.image) == (post.id, post.text, post.image)
        assert example.keyphrases == post.keyphrases
    with pytest.raises(IndexError):
        examples[150]


def test_what_cannot_be_learnt_from_is_left_out_and_counted(tmp_path: Path) -> None:
    good = POSTS[0]
    posts = [
        good,
        replace(good, id="broken", image=b"no picture"),
        replace(good, id="truncated", image=(good.image or b"")[:200]),
        replace(good, id="unlabelled", keyphrases=None),
        replace(good, id="blank label", keyphrases=(" ",)),
        Post(id="empty", text=" ", keyphrases=("a",)),
        replace(good, text="the same id"),
        replace(good, id="text alone", image=None),
    ]
    examples = training_set(tmp_path, posts)
    assert [example.id for example in examples] == [good.id, "text alone"]
    assert examples.left_out == {
        "broken picture": 2,
        "no gold keyphrases": 2,
        "empty post": 1,
        "duplicate id": 1,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"text": "other"},
        {"keyphrases": ("other",)},
        {"image": POSTS[1].image},
        {"image": None},
    ],
)
def test_the_fingerprint_covers_all_that_is_learnt_from(
    tmp_path: Path, change: dict[str, object]
) -> None:
    before = training_set(tmp_path, POSTS[:3]).fingerprint
    assert training_set(tmp_path, POSTS[:3]).fingerprint == before
    changed = [*POSTS[:2], replace(POSTS[2], **change)]  # type: ignore[arg-type]
    assert training_set(tmp_path, changed).fingerprint != before


def test_a_limit_takes_the_first_examples(tmp_path: Path) -> None:
    dump = drawn_dump(tmp_path, 10)
    examples = TrainingSet.build(dump, tmp_path, limit=4)
    assert [example.id for example in examples] == [post.id for post in POSTS[:4]]


def test_a_dump_without_gold_is_refused_and_the_reason_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has gold keyphrases .1 no gold keyphrases"):
        training_set(tmp_path, [Post(id="1", text="a")])
    assert not list((tmp_path / "cache").iterdir())


def test_a_node_without_the_file_builds_the_same(tmp_path: Path) -> None:
    dump = drawn_dump(tmp_path, 5)
    built = TrainingSet.build(dump, tmp_path / "here")
    opened = TrainingSet.open(built.fingerprint, dump, tmp_path / "there")
    assert list(opened) == list(built)


def test_a_dump_that_changed_is_noticed(tmp_path: Path) -> None:
    dump = drawn_dump(tmp_path, 5)
    built = TrainingSet.build(dump, tmp_path / "here")
    write_parquet(POSTS[:4], dump)
    with pytest.raises(JobError, match="changed while"):
        TrainingSet.open(built.fingerprint, dump, tmp_path / "there")
