"""What has gone from a dump leaves the index, unless that is too much to be true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from indexer.job import IndexJob
from indexer.snapshot import remove_gone
from posts.duplicates import hash_ids
from posts.errors import InputError, JobError


class Held:
    """Documents of an index, in pages of three."""

    def __init__(self, *ids: str) -> None:
        self.held = list(ids)

    def ids(self) -> Iterator[Sequence[str]]:
        for start in range(0, len(self.held), 3):
            yield self.held[start : start + 3]

    def remove(self, ids: Sequence[str]) -> None:
        self.held = [id for id in self.held if id not in ids]


def dump(*fragments: Sequence[str]) -> list:
    return [hash_ids((id, "somewhere") for id in fragment) for fragment in fragments]


def test_what_no_fragment_has_is_removed() -> None:
    held = Held("a", "b", "c", "d", "é")
    assert remove_gone(held, dump(["b", "new"], [], ["é", "d"]), None) == 2
    assert held.held == ["b", "d", "é"]


def test_an_index_that_is_up_to_date_is_left_alone() -> None:
    held = Held("a", "b")
    assert remove_gone(held, dump(["a", "b", "c"]), 0.0) == 0
    assert remove_gone(Held(), dump(["a"]), 0.0) == 0


def test_a_dump_that_lacks_too_much_removes_nothing() -> None:
    held = Held("a", "b", "c", "d")
    with pytest.raises(JobError, match=r"2 of the index's 4 posts.*--max-gone-rate 0\.4 allows"):
        remove_gone(held, dump(["a", "b"]), 0.4)
    assert len(held.held) == 4
    assert remove_gone(held, dump(["a", "b"]), 0.5) == 2


def test_unless_told_otherwise_half_of_a_large_index_may_go_and_all_of_a_small_one() -> None:
    ids = [str(number) for number in range(1_000)]
    with pytest.raises(JobError, match="501 of the index's 1,000"):
        remove_gone(Held(*ids), dump(ids[:499]), None)
    assert remove_gone(Held(*ids[:999]), [], None) == 999


@pytest.mark.parametrize("wrong", [{"mode": "mirror"}, {"max_gone_rate": 1.5}])
def test_wrong_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(InputError, match="--m"):
        IndexJob(dump="d", index="embedded:i", store="s", model="m", **wrong)
