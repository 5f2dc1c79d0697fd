"""The rate of writing to Elasticsearch, against the bulk helper of its client."""

from __future__ import annotations

import random
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

import orjson
from elasticsearch import Elasticsearch
from elasticsearch.helpers import parallel_bulk

from indexer.index.elastic.operations import document_body
from indexer.index.location import open_index
from indexer.index.records import Build, Document, Held
from indexer.index.stored import document_source
from indexer.progress.tally import Tally
from indexer.writing.dead_letters import DeadLetterFile
from indexer.writing.outcomes import Outcomes
from indexer.writing.writer import Writer
from posts.phrases import Keyphrase

_BUILD = Build(model="bench@1", model_digest="0" * 64, run="bench")
_WORDS = [f"word{number}" for number in range(5_000)]

_TABLE = 64
"""Posts that come to the driver together."""

_Write = Callable[[str, str], float]
"""Writes into the index of that server and name; gives the seconds it took."""


def measure_bulk(url: str, count: int, rounds: int) -> dict[str, Any]:
    """Documents per second of both, medians over rounds that alternate, and their ratio.

    Both write the same documents, under their ids, into the first version of an index, with its
    mapping and with neither refreshes nor replicas. The helper has finished bodies and its own
    defaults (four threads, 500 documents a request); a writer gets documents as a run has them,
    some at a time, and commits as a run does.
    """
    documents = [_document(number) for number in range(count)]
    tables = [_outcomes(documents[at : at + _TABLE]) for at in range(0, count, _TABLE)]
    bodies = [_body(document) for document in documents]
    writes: dict[str, _Write] = {
        "ours": lambda url, name: _ours(url, name, tables),
        "parallel_bulk": lambda url, name: _parallel_bulk(url, name, documents, bodies),
    }
    # The first round is for the server to warm up.
    seconds: dict[str, list[float]] = {name: [] for name in writes}
    for number in range(1 + rounds):
        for name, write in writes.items():
            taken = write(url, f"bench-{uuid.uuid4().hex[:12]}")
            if number:
                seconds[name].append(taken)
    rates = {name: count / median(taken) for name, taken in seconds.items()}
    return {
        "documents": count,
        "megabytes": sum(len(orjson.dumps(body)) for body in bodies) / 1e6,
        "documents_per_second": rates,
        "ratio": rates["ours"] / rates["parallel_bulk"],
    }


def _ours(url: str, name: str, tables: Sequence[Outcomes]) -> float:
    index = open_index(f"{url}/{name}")
    tally, letters = Tally(), DeadLetterFile(None, "bench")
    try:
        with index.lock("bench"):
            index.begin(_BUILD)
            writer = Writer(index, tally, letters, "bench", at_once=index.writes_at_once)
            begun = time.perf_counter()
            for table in tables:
                writer.add(table)
            writer.flush()
            taken = time.perf_counter() - begun
    finally:
        index.close()
        _remove(url, name)
    if tally.dead:
        raise RuntimeError(f"{tally.dead} documents were refused")
    return taken


def _parallel_bulk(
    url: str, name: str, documents: Sequence[Document], bodies: Sequence[dict[str, Any]]
) -> float:
    index = open_index(f"{url}/{name}")
    try:
        with index.lock("bench"), Elasticsearch(url, request_timeout=60) as client:
            index.begin(_BUILD)
            (version,) = client.indices.get_alias(name=name)
            begun = time.perf_counter()
            actions = (
                {"_index": version, "_id": document.id, "_source": body}
                for document, body in zip(documents, bodies, strict=True)
            )
            deque(parallel_bulk(client, actions), maxlen=0)
            return time.perf_counter() - begun
    finally:
        index.close()
        _remove(url, name)


def _outcomes(documents: Sequence[Document]) -> Outcomes:
    """As the driver makes them of a table."""
    return Outcomes(
        documents=list(documents),
        sources={document.id: "posts.parquet:0" for document in documents},
        bytes=sum(len(orjson.dumps(_body(document))) for document in documents),
    )


def _document(number: int) -> Document:
    rng = random.Random(number)
    return Document(
        id=f"post-{number:08}",
        text=" ".join(rng.choices(_WORDS, k=30)),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        image_uri=f"pictures/{number}.jpg",
        has_picture=True,
        extra={"author": f"user{number % 1000}"},
        keyphrases=tuple(
            Keyphrase(" ".join(rng.choices(_WORDS, k=2)), rng.random()) for _ in range(4)
        ),
        held=Held(f"{number:064x}", f"{number:064x}"),
    )


def _body(document: Document) -> dict[str, Any]:
    return document_body(document_source(document))


def _remove(url: str, name: str) -> None:
    with Elasticsearch(url) as client:
        for found in client.indices.get(index=f"{name}*", features="aliases"):
            client.indices.delete(index=found)
        for kind in ("documents", "dead"):
            client.options(ignore_status=404).indices.delete_index_template(
                name=f"keyphrases-{name}-{kind}"
            )
