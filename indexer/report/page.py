"""The page of a report: one HTML file that asks for nothing else, no script, no font, no address.

Ids, details and keyphrases are text in it, whatever they hold: the template escapes all it is
given, and what may be read from right to left cannot turn what stands beside it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from indexer.plot_style import DARK, LIGHT, Theme
from indexer.report import plots, wording
from indexer.report.record import RunReport
from indexer.report.throughput import Part, throughput

_SHOWN = 25
"""Keyphrases in a table."""
_PARTS = files("indexer.report")
_STYLE = _PARTS.joinpath("page.css").read_text(encoding="utf-8")
_STAGES = {
    "read": "reads the dump",
    "ask": "asks the index what it holds",
    "decode": "fetches and decodes pictures",
    "generate": "asks the model",
}


@dataclass(frozen=True, slots=True)
class _Plot:
    """For both grounds, as data: URIs."""

    light: str
    dark: str
    alt: str
    width: int = plots.WIDTH
    height: int = plots.HEIGHT


def draw_page(report: RunReport) -> str:
    """The whole page. The same report gives the same page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "count": "{:,}".format,
        "percent": wording.percent,
        "duration": wording.duration,
        "moment": wording.moment,
        "rate": wording.rate,
        "posts": wording.posts,
        "in_words": wording.in_words,
    }
    template = environment.from_string(_PARTS.joinpath("page.html").read_text(encoding="utf-8"))
    parts = throughput(report.samples)
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return template.render(
        report=report,
        policy=f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'",
        style=Markup(_STYLE),  # noqa: S704 - our own
        stages_do=_STAGES,
        shown=_SHOWN,
        parts=parts,
        throughput=_throughput(report, parts) if parts else None,
        scores=_scores(report) if sum(report.scores.bins) else None,
        settings={**_flat(report.settings), **_flat({"model": dict(report.generation)})},
    )


def _throughput(report: RunReport, parts: list[Part]) -> _Plot:
    fastest = max(one.finished for one in parts)
    alt = (
        f"Posts per second over the run: {wording.rate(report.posts_per_second)} on average, "
        f"{wording.rate(fastest)} at best. The figures stand in the table below."
    )
    return _plot(
        alt,
        lambda theme: plots.draw_throughput(parts, report.started, report.posts_per_second, theme),
    )


def _scores(report: RunReport) -> _Plot:
    bins = report.scores.bins
    total, high = sum(bins), sum(bins[len(bins) // 2 :])
    alt = (
        f"Histogram of the scores of {total:,} keyphrases, {high / total:.0%} of them 0.5 or more. "
        "The figures stand in the table below."
    )
    earlier = report.comparison
    before = earlier.score_bins if earlier is not None and any(earlier.score_bins) else None
    return _plot(alt, lambda theme: plots.draw_scores(bins, before, theme))


def _plot(alt: str, draw: Callable[[Theme], bytes]) -> _Plot:
    light, dark = (
        f"data:image/png;base64,{base64.b64encode(draw(theme)).decode()}" for theme in (LIGHT, DARK)
    )
    return _Plot(light, dark, alt)


def _flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Settings inside settings, as `outer.inner`."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[before + name] = value
    return flat
