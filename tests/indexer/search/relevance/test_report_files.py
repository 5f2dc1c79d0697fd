"""The files of a report: figures that agree, and names that are harmless."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from PIL import Image

from indexer.search.relevance.files import write_report
from indexer.search.relevance.markdown import to_markdown
from indexer.search.relevance.plot import draw_thresholds
from indexer.search.relevance.resampling import Score
from indexer.search.relevance.tables import recommendation
from tests.indexer.search.relevance.samples import a_report


def test_figures_lie_beside_their_intervals(tmp_path: Path) -> None:
    report = a_report()
    write_report(str(tmp_path / "new"), report)
    found = json.loads((tmp_path / "new" / "relevance.json").read_bytes())
    whole = report.comparison.as_it_is
    for name in ("text_only", "keyphrases_only", "both", "difference"):
        assert set(found[name]) == {
            *("ndcg@10", "recall@100", "mrr"),
            *("ndcg@10_interval", "recall@100_interval", "mrr_interval"),
        }
    assert found["both"]["ndcg@10"] == whole.both["ndcg@10"].value
    assert found["both"]["mrr_interval"] == list(whole.both["mrr"].interval)
    assert found["difference"]["mrr"] == whole.difference["mrr"].value
    assert [one["threshold"] for one in found["thresholds"]] == [0, 0.3, 0.5]
    assert found["thresholds"][0]["both"] == found["both"]
    assert found["recommended_threshold"] == report.comparison.recommended.threshold


def test_tables_say_what_the_figures_say(tmp_path: Path) -> None:
    report = a_report(left_out={"broken record": 2}, missing=1, phrases=7)
    write_report(str(tmp_path), report)
    page = (tmp_path / "relevance.md").read_text()
    text, whole = report.comparison.text_only["ndcg@10"], report.comparison.as_it_is
    low, high = text.interval
    assert f"| text only | {text.value:.3f} | {low:.3f}..{high:.3f} |" in page
    assert f"| both - text only | {whole.difference['ndcg@10'].value:+.3f} |" in page
    assert f"| 0.3 | {2 / 3:.2f} |" in page
    assert "(left out: 2 broken record)" in page
    assert "does not have 1 of the posts" in page
    assert "3 of 7, drawn with seed 0" in page
    assert "Recommended threshold: 0, " in page
    assert (tmp_path / "relevance.png").is_file()


def test_a_recommendation_says_why() -> None:
    report = a_report()
    assert recommendation(report).startswith("recommended threshold: 0, for none above it")
    first, *rest = report.comparison.thresholds
    behind = {**first.behind_best, "ndcg@10": Score(0.2, (0.1, 0.3))}
    worse = replace(report.comparison, thresholds=[replace(first, behind_best=behind), *rest])
    assert "threshold: 0.3, the lowest" in recommendation(replace(report, comparison=worse))


def test_no_name_is_taken_for_markdown() -> None:
    page = to_markdown(a_report(dump="a`b\n# not a heading", index="embedded:*x*"), "p.png", {})
    assert "Dump ``a`b # not a heading``" not in page
    assert "Dump `` a`b # not a heading ``, index `embedded:*x*`" in page


def test_the_plot_is_a_picture_that_is_the_same_each_time() -> None:
    report = a_report(dump="$\\frac{$")
    drawn = draw_thresholds(report)
    assert drawn == draw_thresholds(report)
    with Image.open(io.BytesIO(drawn)) as picture:
        picture.load()
        assert picture.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)
