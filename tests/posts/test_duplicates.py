from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from posts.duplicates import Duplicates, hash_ids
from posts.errors import PostError, Reason
from posts.post import Post


def find(*fragments: str) -> list[list[int]]:
    hashed = [hash_ids((letter, "s") for letter in fragment) for fragment in fragments]
    return [sorted(part) for part in Duplicates.find(hashed).positions]


def test_the_first_in_the_order_of_the_dump_keeps_the_id() -> None:
    assert find("abca", "b", "", "dcd") == [[3], [0], [], [1, 2]]


def test_a_dump_without_duplicates_has_none() -> None:
    assert find("ab", "cd") == [[], []]
    assert find() == []
    assert find("") == [[]]


def test_later_posts_are_marked_and_those_without_id_passed_over() -> None:
    broken = PostError(Reason.MISSING_ID)
    posts = [
        Post(id="a", text="1", source="f:1"),
        Post(id="", source="f:2", error=broken),
        Post(id="a", text="2", source="f:3"),
        Post(id="b", text="3", source="f:4"),
    ]
    duplicates = Duplicates.find([hash_ids((p.id, p.source) for p in posts if p.id)])
    marked = list(duplicates.mark(0, posts))
    reasons = [post.error and post.error.reason for post in marked]
    assert reasons == [None, Reason.MISSING_ID, Reason.DUPLICATE_ID, None]
    assert marked[2].key == "f:3"
    assert duplicates.total == 1


@given(st.lists(st.text("abcé", max_size=2), max_size=30), st.integers(1, 5))
def test_it_agrees_with_a_set(ids: list[str], size: int) -> None:
    pairs = [(post_id, f"f:{row}") for row, post_id in enumerate(ids)]
    seen: set[str] = set()
    expected = {source for post_id, source in pairs if post_id in seen or seen.add(post_id)}
    parts = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    found = Duplicates.find([hash_ids(part) for part in parts]).positions
    sources = {part[at][1] for part, spots in zip(parts, found, strict=True) for at in spots}
    assert sources == expected
