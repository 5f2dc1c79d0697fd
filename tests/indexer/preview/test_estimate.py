"""What a whole dump would take, told from a few posts and written nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from indexer.index.location import open_index
from indexer.index.records import Build, Document, Held
from indexer.job import IndexJob
from indexer.preview.estimate import Estimate, count_posts, estimate
from indexer.preview.preview import Preview, PreviewedPost
from posts.dump import Dump
from posts.errors import InputError
from posts.fragment import Fragment
from posts.post import Post
from tests.indexer.dumps import good_rows, write_dump


def a_job(tmp_path: Path) -> IndexJob:
    write_dump(tmp_path / "dump", good_rows(100))
    index = f"embedded:{tmp_path / 'index'}"
    return IndexJob(dump=str(tmp_path / "dump"), index=index, store="s", model="m")


def previewed(job: IndexJob, count: int = 4) -> Preview:
    """Every second one with a picture; each took half a second."""
    posts = [
        PreviewedPost(
            post=Post(id=str(number)),
            picture=Image.new("RGB", (8, 8)) if number % 2 else None,
            words=None,
            picture_dropped=False,
            keyphrases=(),
        )
        for number in range(count)
    ]
    dump = Dump.open(job.dump)
    return Preview(model="m@1", dump=dump, posts=tuple(posts), seconds=0.5 * count)


def test_hours_and_money_follow_from_the_posts_of_the_whole_dump(tmp_path: Path) -> None:
    job = replace(a_job(tmp_path), actors=4)
    found = estimate(job, previewed(job), price_per_hour=2.0)
    assert found is not None
    # Of the six bad lines five have an id, one of them that of another post.
    assert (found.posts, found.measured, found.with_picture) == (105, 4, 0.5)
    assert found.seconds_per_post == 0.5
    assert found.model_hours == pytest.approx(105 * 0.5 / 3600)
    assert found.hours == pytest.approx(found.model_hours / 4)
    assert found.price == pytest.approx(found.model_hours * 2)
    assert (found.held, found.at_most) == (0, False)
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]


def held_by(job: IndexJob) -> Estimate:
    found = estimate(job, previewed(job))
    assert found is not None
    return found


def test_posts_that_the_index_holds_make_it_an_upper_bound(tmp_path: Path) -> None:
    job = a_job(tmp_path)
    index = open_index(job.index)
    with index.lock("test"):
        index.begin(Build(model="m@1", model_digest="d"))
        index.write([document("post-1"), document("post-2")])
        index.close()
    assert (held_by(job).held, held_by(job).at_most) == (2, True)
    rebuild = held_by(replace(job, rebuild=True))
    assert (rebuild.held, rebuild.at_most) == (None, False)


def document(post_id: str) -> Document:
    return Document(
        id=post_id,
        text="a post",
        created_at=None,
        image_uri=None,
        has_picture=False,
        extra={},
        keyphrases=(),
        held=Held("g", "d"),
    )


def test_an_index_that_cannot_be_read_keeps_no_one_from_an_estimate(tmp_path: Path) -> None:
    job = replace(a_job(tmp_path), index="http://127.0.0.1:1/posts")
    assert held_by(job).held is None


def test_a_preview_without_posts_estimates_nothing(tmp_path: Path) -> None:
    job = a_job(tmp_path)
    assert estimate(job, previewed(job, 0)) is None


class Counted:
    """A dump of which a fragment may be broken, and the rest never end."""

    def __init__(self, broken: int | None) -> None:
        self._broken = broken

    def ids(self, fragment: Fragment) -> Iterator[tuple[str, str]]:
        if fragment.number == self._broken:
            raise InputError("the file has gone")
        for number in range(2_500) if self._broken is None else iter(int, 1):
            yield str(number), "somewhere"


FRAGMENTS = [Fragment(number, "a", "parquet", 0, 1, 1) for number in range(4)]


def test_the_count_is_told_as_it_grows() -> None:
    told: list[int] = []
    assert count_posts(Counted(None), FRAGMENTS, told.append) == 10_000  # type: ignore[arg-type]
    assert told[-1] == 10_000


@pytest.mark.timeout(60)
def test_a_file_that_cannot_be_read_ends_the_count_at_once() -> None:
    with pytest.raises(InputError, match="has gone"):
        count_posts(Counted(2), FRAGMENTS)  # type: ignore[arg-type]
