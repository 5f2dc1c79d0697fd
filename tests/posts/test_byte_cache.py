from __future__ import annotations

from posts.byte_cache import ByteCache, Cached

ENTRY = 500 + 1000


def test_what_was_not_used_longest_makes_room() -> None:
    cache = ByteCache(3 * ENTRY)
    for key in "abc":
        cache.put(key, bytes(1000))
    cache.get("a")
    cache.put("d", bytes(1000))
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]


def test_that_there_is_nothing_is_known_too() -> None:
    cache = ByteCache(3 * ENTRY)
    cache.put("a", None)
    assert cache.get("a") == Cached(None)
    assert cache.get("b") is None


def test_a_key_that_is_put_again_counts_once() -> None:
    cache = ByteCache(3 * ENTRY)
    for _ in range(10):
        cache.put("a", bytes(1000))
    cache.put("b", bytes(1000))
    assert len(cache) == 2


def test_many_small_entries_are_bounded_too() -> None:
    cache = ByteCache(50_000)
    for number in range(1000):
        cache.put(number, None)
    assert len(cache) == 100


def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    cache = ByteCache(ENTRY)
    cache.put("a", bytes(2000))
    assert len(cache) == 0
