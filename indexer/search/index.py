"""Searching one index from Python, as the command line, the HTTP API and the page do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from indexer.index.location import open_index
from indexer.index.query import Hit, Query, Results
from indexer.index.records import Build
from indexer.index.vectors import Modality
from indexer.search.alignments import alignments
from indexer.search.answer import query_of
from indexer.search.embedder import Embedder, Embeds, Vector
from indexer.search.fresh_suggester import FreshSuggester
from indexer.search.hybrid import hybrid_search
from indexer.search.related import Related, related
from indexer.search.similar import similar_query
from indexer.search.unavailable_error import UnavailableError
from posts.errors import InputError, KeyphraseError


@dataclass(frozen=True, slots=True)
class Suggestion:
    phrase: str
    count: int
    """Posts that have it; never 0."""


class Index:
    """An index to be searched; safe for many threads.

        with Index("embedded:index") as index:
            for hit in index.search('garden -key:"red boat" since:2026-01-01').hits:
                print(hit.id, hit.keyphrases)

    `location` is `embedded:PATH` or `http(s)://host:port/NAME`, with credentials for
    Elasticsearch in the environment. All methods raise `posts.errors.InputError`, whose sentence
    is for people: where there is no such index or it cannot be reached
    (`indexer.search.unavailable_error.UnavailableError`), and for a query that is not understood
    (`indexer.search.query_error.QueryError`, with the place).
    """

    def __init__(
        self,
        location: str,
        *,
        store: str | None = None,
        model: str | None = None,
        embedder: Embeds | None = None,
    ) -> None:
        """`store` and `model`: of the model that the index was built with, for searches by picture
        and by meaning; None: the store inside the package, the name that the index has.
        `embedder` takes their place."""
        self.location = location
        self._embedder = embedder or Embedder(store, model)
        self._index = open_index(location)
        self._suggester = FreshSuggester(self._index)

    def search(
        self,
        query: str = "",
        *,
        phrases: Sequence[str] = (),
        since: str | None = None,
        limit: int = 10,
        after: str | None = None,
        facets: bool = False,
        days: bool = False,
        picture: bytes | None = None,
        hybrid: bool = False,
    ) -> Results:
        """Posts for a query in the query language (see `docs/search.md`).

        phrases: keyphrases that a post must have; since: an ISO 8601 date or time; after: a place
        that `indexer.search.places.place_to_text` gave for the page before; facets and days:
        count keyphrases, and posts by day, over all matching posts. picture: an encoded one, whose
        neighbours are ranked beside the posts of the words; hybrid: those of the words' meaning
        are, if there is no picture (see `indexer.search.hybrid`).
        """
        asked = query_of(
            query,
            phrases=phrases,
            since=since,
            limit=limit,
            after=after,
            facets=facets,
            days=days,
        )
        vector = self._vector(asked, picture) if picture is not None or hybrid else None
        with _answering():
            return self._results(
                asked, vector, Modality.TEXT if picture is None else Modality.PICTURE
            )

    def check_vectors(self) -> None:
        """`InputError` that says why posts cannot be searched by picture or by meaning."""
        self._embedder.check(self._live())

    def facets(self, query: str = "", *, phrases: Sequence[str] = (), limit: int = 20) -> Results:
        """The most frequent keyphrases of the posts of a query, at most `limit`; no hits."""
        asked = query_of(query, phrases=phrases, limit=0, facets=True)
        with _answering():
            return self._index.reader.search(replace(asked, facet_size=limit))

    def suggest(self, typed: str, limit: int = 8) -> list[Suggestion]:
        """Keyphrases that begin, or one of whose words begins, as what is typed, or nearly so.

        The first call reads all keyphrases, which takes seconds for a million posts.
        """
        with _answering():
            phrases = self._suggester().suggest(typed, limit)
            counts = self._index.reader.posts_with_phrases(phrases)
        return [Suggestion(phrase, counts[phrase]) for phrase in phrases if counts[phrase]]

    def prepare(self) -> None:
        """Reads all keyphrases now, so that the first suggestion is as quick as all others."""
        with _answering():
            self._suggester()

    def related(self, query: str, *, phrases: Sequence[str] = (), limit: int = 10) -> list[Related]:
        """Keyphrases that tell the posts of a query from others."""
        asked = query_of(query, phrases=phrases)
        with _answering():
            return related(self._index.reader, asked, limit)

    def post(self, id: str) -> Hit | None:
        with _answering():
            return self._index.reader.post(id)

    def similar(self, id: str, limit: int = 10) -> Results | None:
        """Posts like this one, itself not among them; None: there is no such post."""
        reader = self._index.reader
        begun = time.perf_counter()
        with _answering():
            post = reader.post(id)
            if post is None:
                return None
            query = similar_query(reader, post, limit)
            if query is None:
                return Results(total=0, took_ms=(time.perf_counter() - begun) * 1000, hits=())
            return reader.search(query)

    def close(self) -> None:
        self._index.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _results(self, asked: Query, vector: Vector | None, of: Modality) -> Results:
        reader = self._index.reader
        if vector is None:
            results = reader.search(asked)
        else:
            results, asked = hybrid_search(reader, asked, vector, of)
        if asked.facets and reader.dimensions():
            results = replace(results, alignments=alignments(reader, asked))
        return results

    def _vector(self, asked: Query, picture: bytes | None) -> Vector | None:
        """Of the picture or, without one, of the words, which may be none."""
        build = self._live()
        self._embedder.check(build)
        if picture is not None:
            return self._embedder.picture(build, picture)
        return self._embedder.text(build, asked.words)

    def _live(self) -> Build:
        with _answering():
            build = self._index.live()
            if build is None:
                raise InputError(
                    f"there is no index at {self.location}; run `keyphrases index` first"
                )
            return build


@contextmanager
def _answering() -> Iterator[None]:
    """What an engine cannot answer is nothing that another question would mend."""
    try:
        yield
    except KeyphraseError as error:
        raise UnavailableError(str(error)) from error
