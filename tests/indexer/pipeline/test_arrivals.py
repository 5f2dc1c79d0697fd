"""Every part of a dump must come, and once."""

from __future__ import annotations

import pyarrow as pa
import pytest

from indexer.pipeline.arrivals import Arrivals
from indexer.pipeline.packing import Part
from posts.errors import JobError


def add(
    arrivals: Arrivals,
    number: int,
    *ids: str,
    fragment: int = 0,
    last: bool = False,
    reason: str | None = None,
) -> None:
    reasons = pa.array([reason] * len(ids), pa.string())
    table = pa.table({"id": pa.array(ids, pa.string()), "error_reason": reasons})
    arrivals.add(Part(fragment=fragment, number=number, last=last), table)


def test_posts_with_and_without_an_id_must_all_be_committed() -> None:
    arrivals = Arrivals(1, with_id=2)
    add(arrivals, 0, "a", "")
    add(arrivals, 1, "b", "")
    add(arrivals, 2, last=True)
    assert arrivals.total == 4
    arrivals.check(committed=4)
    for wrong in (3, 5):
        with pytest.raises(JobError, match=f"of 4 posts 4 came .* and {wrong} were committed"):
            arrivals.check(committed=wrong)


def test_a_lost_table_of_posts_without_an_id_is_noticed() -> None:
    arrivals = Arrivals(1, with_id=1)
    add(arrivals, 0, "a")
    add(arrivals, 2, last=True)
    with pytest.raises(JobError, match="1 of 1 fragments incomplete"):
        arrivals.check(committed=1)


def test_a_lost_end_of_a_fragment_is_noticed() -> None:
    arrivals = Arrivals(2, with_id=1)
    add(arrivals, 0, "a")
    add(arrivals, 1, last=True)
    with pytest.raises(JobError, match="1 of 2 fragments incomplete"):
        arrivals.check(committed=1)


def test_posts_that_the_ids_did_not_announce_are_noticed() -> None:
    arrivals = Arrivals(1, with_id=1)
    add(arrivals, 0, "a", "b")
    add(arrivals, 1, last=True)
    with pytest.raises(JobError, match="of 1 posts 2 came"):
        arrivals.check(committed=2)


def test_a_table_that_comes_twice_is_an_error() -> None:
    arrivals = Arrivals(1, with_id=1)
    add(arrivals, 0, "a")
    with pytest.raises(JobError, match="twice"):
        add(arrivals, 0, "a")


def test_a_file_that_breaks_off_is_noted() -> None:
    arrivals = Arrivals(1, with_id=2)
    add(arrivals, 0, "a", reason="broken record")
    assert not arrivals.has_broken_file
    add(arrivals, 1, "", reason="broken file")
    add(arrivals, 2, "b", last=True)
    assert arrivals.has_broken_file
