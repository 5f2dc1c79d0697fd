"""The pictures that come with the package: whole, small, told of, and a dump as it should be."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from posts.clip_art import CLIP_ART
from posts.dump import Dump
from posts.pictures import decode_picture
from posts.post import Post

LARGEST_SIDE = 256
LARGEST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def dump() -> Dump:
    return Dump.open(CLIP_ART)


@pytest.fixture(scope="module")
def posts(dump: Dump) -> list[Post]:
    return list(dump.posts())


def test_all_posts_are_good_and_have_text_picture_and_gold(posts: list[Post]) -> None:
    assert 36 <= len(posts) <= 48
    # A second post of one id would have an error.
    assert [post.error for post in posts if post.error] == []
    assert all(post.text.strip() and post.image_uri and post.keyphrases for post in posts)


def test_every_picture_decodes_and_is_small(dump: Dump, posts: list[Post]) -> None:
    for post in posts:
        data = dump.picture(post)
        assert max(decode_picture(data).size) <= LARGEST_SIDE, post.id
        # Comments and other remarks of whoever made the file have no place here.
        with Image.open(io.BytesIO(data)) as opened:
            assert not {"comment", "exif", "icc_profile", "xmp"} & set(opened.info), post.id


def test_the_folder_holds_no_picture_that_no_post_shows(posts: list[Post]) -> None:
    shown = sorted(str(post.image_uri) for post in posts)
    assert shown == sorted(f"pictures/{path.name}" for path in (CLIP_ART / "pictures").iterdir())


def test_no_picture_is_there_twice(dump: Dump, posts: list[Post]) -> None:
    assert len({dump.picture(post) for post in posts}) == len(posts)


def test_the_whole_is_small() -> None:
    sizes = [path.stat().st_size for path in CLIP_ART.rglob("*") if path.suffix != ".pyc"]
    assert sum(sizes) < LARGEST_BYTES


def test_the_sources_name_every_post_with_its_text(posts: list[Post]) -> None:
    words = (CLIP_ART / "SOURCES.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(.+?)` \| (.+?) \| \S+ \|$", words, re.MULTILINE)
    assert named == [(post.id, post.text) for post in posts]
    assert "Public domain" in words
