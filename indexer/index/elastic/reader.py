"""Reading an index on Elasticsearch: the protocol of a reader over its alias."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from elasticsearch import NotFoundError

from indexer.index.elastic.lookup import ask_at_once
from indexer.index.elastic.neighbours import nearest
from indexer.index.elastic.search import NOT_NEEDED, Body, search
from indexer.index.elastic.server import Server
from indexer.index.elastic.versions import Versions
from indexer.index.query import BOOSTS, Hit, Query, Results
from indexer.index.reader import ScoredPhrase
from indexer.index.stored import hit_from_source, phrase_and_score, storable_id
from indexer.index.vectors import Modality
from posts.errors import InputError

T = TypeVar("T")

_PAGE = 10_000
"""Phrases of one request."""


class ElasticReader:
    """See `indexer.index.reader.Reader`."""

    def __init__(self, location: str, server: Server, name: str) -> None:
        self.location = location
        self._server = server
        self._name = name

    def search(self, query: Query) -> Results:
        return self._ask(lambda: search(self._searches, query))

    def post(self, id: str) -> Hit | None:
        if not storable_id(id):
            return None
        body = {"query": {"term": {"id": id}}, "_source": {"excludes": NOT_NEEDED}}
        (answer,) = self._ask(lambda: self._searches([body]))
        found = answer["hits"]["hits"]
        return hit_from_source(found[0]["_source"], 0.0, ()) if found else None

    def posts_with_phrases(self, phrases: Sequence[str]) -> Mapping[str, int]:
        return self._counted({phrase: {"term": {"keyphrases": phrase}} for phrase in phrases})

    def posts_with_words(self, terms: Sequence[str]) -> Mapping[str, int]:
        return self._counted(
            {
                term: {"bool": {"should": [{"term": {name: term}} for name in BOOSTS]}}
                for term in terms
            }
        )

    def dimensions(self) -> int:
        versions = Versions(self._server.impatient, self._name)

        def told() -> int:
            live = versions.live()
            if live is None:
                raise self._missing()
            return versions.build(live).dimensions

        return self._ask(told)

    def nearest(
        self, vector: Sequence[float], modality: Modality, query: Query, count: int
    ) -> list[str]:
        return self._ask(lambda: nearest(self._searches, vector, modality, query, count))

    def vocabulary(self) -> Iterator[ScoredPhrase]:
        sources = [{"scored": {"terms": {"field": "scored_keyphrases"}}}]
        pages: dict[str, Any] = {"size": _PAGE, "sources": sources}
        while True:
            body = {"size": 0, "aggs": {"phrases": {"composite": pages}}}
            (answer,) = self._ask(lambda body=body: self._searches([body]))  # type: ignore[misc]
            page = answer["aggregations"]["phrases"]
            for bucket in page["buckets"]:
                yield ScoredPhrase(*phrase_and_score(bucket["key"]["scored"]), bucket["doc_count"])
            if "after_key" not in page:
                return
            pages = pages | {"after": page["after_key"]}

    def state(self) -> str | None:
        # What counts changes is for who may monitor the index, and searches may not.
        return None

    def close(self) -> None:
        """Nothing to do: the connection is the index's."""

    def _counted(self, filters: Mapping[str, Body]) -> dict[str, int]:
        """Posts that pass each filter, by its name."""
        if not filters:
            return {}
        bodies = [
            {"query": {"bool": {"filter": [each]}}, "size": 0, "track_total_hits": True}
            for each in filters.values()
        ]
        answers = self._ask(lambda: self._searches(bodies))
        totals = (answer["hits"]["total"]["value"] for answer in answers)
        return dict(zip(filters, totals, strict=True))

    def _searches(self, bodies: list[Body]) -> list[Any]:
        return ask_at_once(self._server.impatient, self._name, bodies)

    def _ask(self, question: Callable[[], T]) -> T:
        with self._server.as_input_error():
            try:
                return question()
            except NotFoundError as error:
                raise self._missing() from error

    def _missing(self) -> InputError:
        return InputError(f"there is no index at {self.location}; run `keyphrases index` first")
