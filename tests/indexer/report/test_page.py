"""The page: complete, safe whatever posts hold, and asking for nothing else."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from PIL import Image

from indexer.gate import Check
from indexer.plot_style import LIGHT
from indexer.report import wording
from indexer.report.earlier import compare
from indexer.report.page import draw_page
from indexer.report.plots import draw_throughput
from indexer.report.record import LetterExample, Outcome, ReasonCount, RunReport
from indexer.report.throughput import throughput
from tests.indexer.report.reports import STARTED, a_report, counts, phrases

HOSTILE = (
    "</bdi></table><script>alert(1)</script><img src=x onerror=\"alert('2')\"> {{ 7*7 }} $x_1$"
)


class Page(HTMLParser):
    """What a browser would make of it: elements, and the text outside of styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " "
        if tag not in ("meta", "img", "source"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def hostile_report() -> RunReport:
    said = LetterExample(key=HOSTILE, source=HOSTILE, detail=HOSTILE)
    found = phrases((HOSTILE, 9), ("\u202edlrow", 2))
    report = a_report(
        dump=HOSTILE,
        index=HOSTILE,
        model=HOSTILE,
        outcome=Outcome.FAILED,
        error=HOSTILE,
        gate=(Check("size", False, HOSTILE),),
        settings={"model_rows": 64, "actors": 2, "store": HOSTILE},
        phrases=found,
        dead_letters=HOSTILE,
        reasons=(ReasonCount(reason="broken record", posts=5, transient=0, examples=(said,)),),
    )
    earlier = a_report("20261120T020003Z-4dd545", model=HOSTILE, phrases=phrases(("sun", 1)))
    return a_report(**_fields(report) | {"comparison": compare("d", found, earlier)})


def _fields(report: RunReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in report.__slots__ if name != "format"}


def test_whatever_posts_hold_is_shown_as_text() -> None:
    page = Page(draw_page(hostile_report()))
    assert not page.of("script")
    assert len(page.of("img")) == 2
    assert page.text.count(HOSTILE) == 13
    allowed = {"html", "head", "meta", "title", "style", "body"}
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
    assert allowed < {tag for tag, _ in page.elements}


def test_the_page_asks_for_nothing_and_forbids_everything_else() -> None:
    raw = draw_page(a_report())
    page = Page(raw)
    policies = [m for m in page.of("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    policy = str(policies[0]["content"])
    style = re.search(r"<style>(.*?)</style>", raw, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    addresses = [a["src"] for a in page.of("img")] + [a["srcset"] for a in page.of("source")]
    assert len(addresses) == 4
    for address in addresses:
        kind, _, data = str(address).partition(",")
        assert kind == "data:image/png;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).width == 960
    assert [a["href"] for a in page.of("a")] == [f"{a_report().run}.json"]
    assert not page.of("link")


def test_figures_stand_in_tables_beside_plots_that_say_what_they_show() -> None:
    page = Page(draw_page(a_report()))
    first, second = [str(one["alt"]) for one in page.of("img")]
    assert "Posts per second" in first
    assert "5.00 on average" in first
    assert "96% of them 0.5 or more" in second
    assert "0.95 – 1.00 96" in page.words
    assert "generate asks the model 100 27.0 s 1.50 75.0%" in page.words
    assert "broken picture 5 5.0% 1" in page.words
    assert "post-9 a.jsonl:9 cut off" in page.words
    assert "red boat 20 40.0%" in page.words
    assert all("scope" in attributes for attributes in page.of("th"))


def test_it_tells_where_everything_comes_from() -> None:
    page = Page(draw_page(a_report())).words
    for words in (
        "✓ Done",
        "21 November 2026, 02:00:03 UTC",
        "s3://dumps/2026-11-21",
        "https://search.example.com:9200/posts",
        "tagger@7",
        "ab12" * 16,
        "20261121T020003Z-4dd545",
        "s3://dead/letters.parquet",
        "write.posts 9",
        "model.beams 3",
        "max_error_rate not set",
    ):
        assert words in page


def test_a_failed_run_tells_why_first_and_what_the_gate_found() -> None:
    checks = (Check("size", False, "3 documents"), Check("documents", True, "3 of 3"))
    report = a_report(outcome=Outcome.FAILED, error="it was not promoted", gate=checks)
    page = Page(draw_page(report)).words
    assert "✗ Failed" in page
    assert page.index("it was not promoted") < page.index("Posts")
    assert "size ✗ failed 3 documents" in page
    assert "documents ✓ passed 3 of 3" in page


def test_a_run_that_did_nothing_has_a_page_too() -> None:
    nothing = dict.fromkeys(("read", "indexed", "generated", "updated", "unchanged", "dead"), 0)
    report = a_report(
        outcome=Outcome.INTERRUPTED,
        error="the run was interrupted",
        counts=counts(**nothing),
        posts_with_id=None,
        samples=(),
        stages=(),
        reasons=(),
        phrases=phrases(),
        dead_letters=None,
        seconds=0.0,
    )
    page = Page(draw_page(report))
    assert "! Interrupted" in page.words
    assert page.words.count("No post was worked on.") == 2
    assert not page.of("img")


def test_new_keyphrases_are_told_with_what_they_were_compared_with_and_its_limits() -> None:
    found = phrases(("snow storm", 8), ("red boat", 6))
    earlier = a_report(
        "20261120T020003Z-4dd545", phrases=phrases(("red boat", 9), unlisted_at_most=4)
    )
    report = a_report(phrases=found, comparison=compare("other", found, earlier))
    page = Page(draw_page(report)).words
    assert "New keyphrases snow storm 8" in page
    assert "run 20261120T020003Z-4dd545 lists" in page
    assert "tagger@7, which is another model" in page
    assert "stood in 4 posts or fewer then may be missing" in page
    assert "snow storm new 8 16.0% –" in page
    assert "red boat 6 12.0% 18.0%" in page
    assert "nothing to compare with" in Page(draw_page(a_report())).words


def test_the_same_report_gives_the_same_page() -> None:
    assert draw_page(a_report()) == draw_page(a_report())


@pytest.mark.parametrize("seconds", [1.5, 80, 4_000, 40_000, 400_000, 4_000_000])
@pytest.mark.filterwarnings("error::UserWarning")
def test_runs_of_any_length_can_be_drawn(seconds: float) -> None:
    samples = a_report().samples
    stretched = [
        type(one)(seconds=2 + n * seconds / 2, read=n, finished=n, committed=n, generated=n)
        for n, one in enumerate(samples)
    ]
    assert draw_throughput(throughput(stretched), STARTED, 1.0, LIGHT).startswith(b"\x89PNG")


def test_durations_and_shares_are_written_for_people() -> None:
    assert [wording.duration(s) for s in (0.26, 59.9, 65, 3_599.7, 27_600)] == [
        "0.3 s", "59.9 s", "1 min 5 s", "1 h 0 min", "7 h 40 min",
    ]  # fmt: skip
    assert [wording.percent(s) for s in (0, 0.0001, 0.5, 1)] == [
        "0.0%",
        "< 0.1%",
        "50.0%",
        "100.0%",
    ]
    assert unescape(wording.posts(1)) == "1 post"
