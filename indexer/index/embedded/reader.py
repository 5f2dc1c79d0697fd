"""Reading the embedded index: the protocol of a reader over its live version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tantivy

from indexer.index.embedded.columns.search import search as search_columns
from indexer.index.embedded.columns.snapshot import signature
from indexer.index.embedded.columns.upkeep import CurrentColumns
from indexer.index.embedded.columns.words import anywhere
from indexer.index.embedded.failures import as_job_error
from indexer.index.embedded.rows import KEYPHRASES, SCORED_KEYPHRASES
from indexer.index.embedded.search import search
from indexer.index.embedded.table import Table
from indexer.index.embedded.versions import VersionsFolder
from indexer.index.query import BOOSTS, Hit, Query, Results
from indexer.index.reader import ScoredPhrase
from indexer.index.records import LAYOUT
from indexer.index.stored import hit_from_source, phrase_and_score, storable_id
from indexer.index.vectors import Modality
from posts.errors import InputError, JobError

if TYPE_CHECKING:
    from indexer.index.embedded.spaces import Spaces

T = TypeVar("T")


class EmbeddedReader:
    """See `indexer.index.reader.Reader`."""

    def __init__(self, location: str, folder: VersionsFolder) -> None:
        self.location = location
        self._folder = folder
        self._table: tuple[int, Table] | None = None
        self._columns = CurrentColumns()
        self._spaces: tuple[Path, str, Spaces] | None = None

    def search(self, query: Query) -> Results:
        def searched(table: Table) -> Results:
            columns = self._columns.of(table)
            return search(table, query) if columns is None else search_columns(columns, query)

        return self.ask(searched)

    def post(self, id: str) -> Hit | None:
        found = self.ask(lambda table: table.sources([id] if storable_id(id) else []))
        return hit_from_source(found[id], 0.0, ()) if id in found else None

    def posts_with_phrases(self, phrases: Sequence[str]) -> Mapping[str, int]:
        def counted(table: Table) -> dict[str, int]:
            columns = self._columns.of(table)
            if columns is not None:
                return {phrase: len(columns.posts_with(phrase)) for phrase in phrases}
            count = _Counter(table)
            return {phrase: count(count.term(KEYPHRASES, phrase)) for phrase in phrases}

        return self.ask(counted)

    def posts_with_words(self, terms: Sequence[str]) -> Mapping[str, int]:
        def counted(table: Table) -> dict[str, int]:
            columns = self._columns.of(table)
            if columns is not None:
                return {term: len(anywhere(columns, term, BOOSTS)) for term in terms}
            count = _Counter(table)
            return {
                term: count(count.any_of([count.term(name, term) for name in BOOSTS]))
                for term in terms
            }

        return self.ask(counted)

    def dimensions(self) -> int:
        return self.ask(self._dimensions_of)

    def nearest(
        self, vector: Sequence[float], modality: Modality, query: Query, count: int
    ) -> list[str]:
        # Imported late: who searches by words alone need not wait for it.
        from indexer.index.embedded.neighbours import nearest

        return self.ask(
            lambda table: nearest(table, self._spaces_of(table)[modality], vector, query, count)
        )

    def vocabulary(self) -> Iterator[ScoredPhrase]:
        found = self.ask(lambda table: table.searcher().terms_with_prefix(SCORED_KEYPHRASES, ""))
        for term, posts in found:
            yield ScoredPhrase(*phrase_and_score(term), posts)

    def state(self) -> str | None:
        return self.ask(lambda table: f"{table.folder.name} {signature(table.folder)}")

    def ask(self, question: Callable[[Table], T]) -> T:
        """What the live version answers; `InputError` if there is none.

        Another may become that meanwhile, and this one go; then that is asked.
        """
        while (live := self._folder.live()) is not None:
            try:
                with as_job_error(self._folder.path):
                    return question(self._table_of(live))
            except (InputError, JobError):
                if self._folder.live() == live:
                    raise
        raise InputError(f"there is no index at {self.location}; run `keyphrases index` first")

    def close(self) -> None:
        if self._table is not None:
            self._table[1].close()
            self._table = None
        self._columns.close()
        self._spaces = None

    def _dimensions_of(self, table: Table) -> int:
        return self._folder.build(int(table.folder.name)).dimensions

    def _spaces_of(self, table: Table) -> Spaces:
        from indexer.index.embedded.spaces import commit_of, open_spaces

        # Taken once, as the table is.
        kept, commit = self._spaces, commit_of(table)
        if kept is not None and kept[:2] == (table.folder, commit):
            return kept[2]
        spaces = open_spaces(table, self._dimensions_of(table))
        if all(space.commit == commit for space in spaces.values()):
            self._spaces = table.folder, commit, spaces
        return spaces

    def _table_of(self, version: int) -> Table:
        # Taken once: another thread may change it at any time, to a table that is as good.
        kept = self._table
        if kept is None or kept[0] != version:
            if self._folder.build(version).layout != LAYOUT:
                raise InputError(
                    f"the index {self.location} was written by another release of this program; "
                    "run `keyphrases index --rebuild` to write it anew"
                )
            kept = self._table = version, self._folder.table(version)
        return kept[1]


class _Counter:
    """Counts documents of one view of a table."""

    def __init__(self, table: Table) -> None:
        self._schema = table.schema
        self._searcher = table.searcher()

    def __call__(self, asked: tantivy.Query) -> int:
        return int(self._searcher.search(asked, 1).count)

    def term(self, name: str, value: Any) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, name, value, "basic")

    def any_of(self, queries: Sequence[tantivy.Query]) -> tantivy.Query:
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, each) for each in queries])
