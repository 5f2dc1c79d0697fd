"""Answers with posts, as JSON of a bounded size, and the refusals that take their place."""

from __future__ import annotations

import json
from typing import Any

import orjson

from indexer.search.http import schemas

LONGEST_TEXT = 2_000
"""Characters of each text in a list of posts: a thousand whole ones may be gigabytes."""

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": schemas.Refusal, "description": "The question is not understood."},
    401: {"model": schemas.Refusal, "description": "The API key is missing or wrong."},
    503: {"model": schemas.Refusal, "description": "The index or the server cannot answer now."},
    504: {"model": schemas.Refusal, "description": "The answer took too long."},
}


def cut(answer: dict[str, Any]) -> dict[str, Any]:
    """With long texts cut."""
    for hit in answer["hits"]:
        if len(hit["text"]) > LONGEST_TEXT:
            hit["text"] = hit["text"][:LONGEST_TEXT]
            hit["text_cut"] = True
    return answer


def as_json(content: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(content)
    except TypeError:
        # Other fields of a dump may have whole numbers of any size, or go deep.
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
