"""Locations of indices."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.location import open_index
from posts.errors import InputError
from posts.files import open_files


def test_both_engines_are_opened_without_touching_anything(tmp_path: Path) -> None:
    embedded = open_index(f"embedded:{tmp_path / 'new'}")
    assert not embedded.shareable
    assert not (tmp_path / "new").exists()
    assert open_index("https://search.example:9243/posts").shareable


@pytest.mark.parametrize(
    "location",
    [
        "",
        "posts",
        "embedded:",
        "ftp://127.0.0.1:21/posts",
        "http://127.0.0.1/posts",
        "http://127.0.0.1:99999/posts",
        "http://127.0.0.1:9200",
        "http://127.0.0.1:9200/",
        "http://127.0.0.1:9200/Posts",
        "http://127.0.0.1:9200/_all",
        "http://127.0.0.1:9200/a,b",
        "http://127.0.0.1:9200/a*",
        "http://127.0.0.1:9200/a/b",
        "http://127.0.0.1:9200/posts-dead",
        "http://127.0.0.1:9200/posts-000001",
        "http://127.0.0.1:9200/keyphrases-locks",
        "http://127.0.0.1:9200/posts?pretty",
        "http://127.0.0.1:9200/posts#x",
    ],
)
def test_a_location_that_is_none_is_refused(location: str) -> None:
    with pytest.raises(InputError):
        open_index(location)


def test_a_password_in_a_location_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError, match="ELASTICSEARCH_PASSWORD") as caught:
        open_index("https://me:hunter2@search.example:9243/posts")
    assert "hunter2" not in str(caught.value)
    # Also where it stands in the way of being understood.
    for location in (
        "elastic:hunter2@search.example:9243/posts",
        "https://search.example:9243/posts?api_key=hunter2",
    ):
        with pytest.raises(InputError, match="what --index says") as caught:
            open_index(location)
        assert "hunter2" not in str(caught.value)
    with pytest.raises(InputError, match="what stands behind s3:// is no bucket name") as caught:
        open_files("s3://key:hunter2@bucket/prefix")
    assert "hunter2" not in str(caught.value)
