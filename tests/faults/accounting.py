"""The account of a dump: each post once in the index or the dead letters, counts that add up.

It is read from the files or the server themselves, not by way of what a run asks the index.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from indexer.index.embedded.rows import letters_schema
from indexer.index.embedded.table import Table
from indexer.summary import RunSummary
from tests.faults.some_posts import SomePosts

Summary = Mapping[str, Any]
"""The last line that a run prints."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What is committed in the live version of an index, and beside it."""

    documents: list[tuple[str, str]]
    """Ids and texts; an id that is there twice is twice in the list."""
    letters: list[tuple[str, str]]
    """Keys and reasons."""


def assert_accounted_for(
    posts: SomePosts, location: str, summary: Summary | RunSummary | str
) -> Summary:
    """Fails unless each post is where it has to be, once, and the summary's counts say so.

    `summary`: of the run that came to its end, or what it printed. Gives it as a mapping.
    """
    contents = read_contents(location)
    assert sorted(contents.documents) == sorted(posts.texts.items())
    assert sorted(contents.letters) == sorted(posts.reasons.items())
    counts = _counts(summary)
    assert counts["read"] == len(posts)
    assert counts["read"] == counts["indexed"] + counts["unchanged"] + counts["dead"]
    assert counts["indexed"] == counts["generated"] + counts["updated"]
    assert counts["dead"] == len(posts.reasons)
    return counts


def read_contents(location: str) -> Contents:
    """Empty lists for what is not there yet."""
    if location.startswith("embedded:"):
        return _in_folder(Path(location.removeprefix("embedded:")))
    url, _, name = location.rpartition("/")
    with Elasticsearch(url, request_timeout=120) as client:
        return Contents(
            documents=[(id, source["text"]) for id, source in _on_server(client, name)],
            letters=[(id, source["reason"]) for id, source in _on_server(client, f"{name}-dead")],
        )


def _in_folder(folder: Path) -> Contents:
    pointer = folder / "current"
    if not pointer.exists():
        return Contents(documents=[], letters=[])
    version = folder / f"{json.loads(pointer.read_text())['version']:06}"
    documents = Table(version, None, create=False)
    letters: list[tuple[str, str]] = []
    if (folder / "dead" / "meta.json").exists():
        letters = _column(Table(folder / "dead", letters_schema(), create=False), "reason")
    return Contents(documents=_column(documents, "text"), letters=letters)


def _column(table: Table, name: str) -> list[tuple[str, str]]:
    keys = list(chain.from_iterable(table.keys()))
    sources = table.sources(keys)
    return [(key, sources[key][name]) for key in keys]


def _on_server(client: Elasticsearch, index: str) -> list[tuple[str, dict[str, Any]]]:
    if not client.indices.exists(index=index):
        return []
    client.indices.refresh(index=index)
    answer = client.search(index=index, size=10_000)
    assert answer["hits"]["total"]["relation"] == "eq"
    assert answer["_shards"]["failed"] == 0
    return [(hit["_id"], hit["_source"]) for hit in answer["hits"]["hits"]]


def _counts(summary: Summary | RunSummary | str) -> Summary:
    if isinstance(summary, RunSummary):
        summary = summary.to_json()
    if isinstance(summary, str):
        counts: dict[str, Any] = json.loads(summary.splitlines()[-1])
        return counts
    return summary
