"""Settings and mappings of the indices, from the JSON files beside this one."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from elasticsearch import Elasticsearch

from indexer.index.analysis import LONGEST_WORD, WORD_PATTERN

_PRIORITY = 200


def put_templates(client: Elasticsearch, name: str) -> None:
    """Templates for the versions and the dead letters of the index `name`.

    A longer name has the higher priority, since the pattern of `cats` may fit `cats-0a-000001`.
    A version that someone deletes during a run must not come back with its next write, without
    its build and with half its documents.
    """
    for suffix, pattern, body, comes_with_a_write in (
        ("documents", f"{name}-0*", _documents_body(), False),
        ("dead", dead_index(name), _body("letters.json"), True),
    ):
        client.indices.put_index_template(
            name=f"keyphrases-{name}-{suffix}",
            index_patterns=[pattern],
            priority=_PRIORITY + len(name),
            template=body,
            allow_auto_create=comes_with_a_write,
            meta={"made_by": "keyphrase-indexer"},
        )


def dead_index(name: str) -> str:
    return f"{name}-dead"


def replicas() -> str:
    """Of a version that is searched: from none to one, as there are nodes."""
    settings: dict[str, str] = _body("documents.json")["settings"]
    return settings["auto_expand_replicas"]


def locks_body() -> dict[str, Any]:
    return _body("locks.json")


def _documents_body() -> dict[str, Any]:
    body = _body("documents.json")
    analysis = body["settings"]["analysis"]
    analysis["tokenizer"]["words"]["pattern"] = WORD_PATTERN
    analysis["filter"]["longest"]["max"] = LONGEST_WORD
    return body


def _body(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(files(__package__).joinpath(name).read_text("utf-8"))
    return body
