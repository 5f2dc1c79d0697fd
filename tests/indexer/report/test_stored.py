"""A report survives its JSON, and what is not known is refused."""

from __future__ import annotations

import orjson
import pytest

from indexer.gate import Check
from indexer.report.earlier import compare
from indexer.report.record import Outcome
from indexer.report.stored import report_from_json, report_to_json
from tests.indexer.report.reports import a_report, phrases


def test_a_report_comes_back_as_it_was() -> None:
    earlier = a_report("20261120T020003Z-4dd545", phrases=phrases(("jazz", 4)))
    report = a_report(
        outcome=Outcome.FAILED,
        error="it went wrong",
        gate=(Check("size", False, "3 documents"),),
        posts_with_id=None,
        comparison=compare("ab12" * 16, phrases(("snow", 7)), earlier),
    )
    assert report_from_json(report_to_json(report)) == report


def test_it_tells_the_format_it_has() -> None:
    assert orjson.loads(report_to_json(a_report()))["format"] == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": 2}, "its format 2 is not 1"),
        ({"more": 1}, r"report\.more is not known"),
        ({"seconds": "20"}, r"report\.seconds is str and not float"),
        ({"outcome": "splendid"}, "splendid"),
        ({"counts": {"read": 1}}, r"report\.counts\.dead is missing"),
        ({"phrases": {"listed": [{"phrase": "a"}], "unlisted_at_most": 0}}, "posts is missing"),
        ({"scores": {"bins": [True], "without_keyphrases": 0}}, "bool and not int"),
    ],
)
def test_what_is_not_known_is_refused(changes: dict, why: str) -> None:
    content = orjson.loads(report_to_json(a_report())) | changes
    with pytest.raises(ValueError, match=why):
        report_from_json(orjson.dumps(content))


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"run": "r"}'])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        report_from_json(data)
