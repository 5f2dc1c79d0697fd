"""A table: one tantivy index in a folder, whose rows have a key and a stored JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import tantivy

from indexer.index.analysis import analyzer
from indexer.index.embedded.failures import as_input_error, as_job_error

ANALYZER = "words"
"""Name under which text fields find the shared analyzer."""
KEY, SOURCE = "key", "source"

_WRITER_BYTES = 64_000_000
_LOOKUP = 1_000
"""Keys of one lookup."""
_PAGE = 100_000
"""Keys given at once."""


def keyed_schema() -> tantivy.SchemaBuilder:
    """The two fields that every table has."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(KEY, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_bytes_field(SOURCE, stored=True)
    return builder


class Table:
    """Rows are looked up by key in what is committed, and written with one commit per call.

    Only one process may write; the folder's lock sees to that. Anyone may read meanwhile.
    """

    def __init__(
        self,
        folder: Path,
        schema: tantivy.Schema | None,
        *,
        create: bool,
        key_in: str | None = None,
    ) -> None:
        """`InputError` if the folder is no such table and may not become one.

        `schema`: None is whatever the table has.

        `key_in`: where in its stored object each row has its key too; there it is found much
        faster than in tantivy's column of keys.
        """
        self._key_in = key_in
        self.folder = folder
        self._writer: tantivy.IndexWriter | None = None
        with as_input_error(folder):
            if create:
                folder.mkdir(parents=True, exist_ok=True)
            elif not tantivy.Index.exists(str(folder)):
                raise ValueError("there is none")
            if schema is None:
                self._index = tantivy.Index.open(str(folder))
            else:
                self._index = tantivy.Index(schema, str(folder), reuse=True)
            self.schema = self._index.schema
            # Reloaded by hand before each read, so no thread needs to watch the folder.
            self._index.config_reader(reload_policy="manual")
            self._index.register_tokenizer(ANALYZER, analyzer())

    def searcher(self) -> tantivy.Searcher:
        """A view of everything committed so far, by any process."""
        with as_job_error(self.folder):
            self._index.reload()
            return self._index.searcher()

    def sources(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Stored objects of those keys that the table has."""
        searcher = self.searcher()
        found: dict[str, dict[str, Any]] = {}
        with as_job_error(self.folder):
            for start in range(0, len(keys), _LOOKUP):
                chunk = list(keys[start : start + _LOOKUP])
                query = tantivy.Query.term_set_query(self.schema, KEY, chunk)
                column = KEY if self._key_in is None else None
                result = searcher.search(query, len(chunk), count=False, order_by_field=column)
                for key, address in result.hits:
                    source = read_source(searcher, address)
                    found[key if self._key_in is None else source[self._key_in]] = source
        return found

    def keys(self) -> Iterator[list[str]]:
        """Of all rows, some at a time."""
        searcher = self.searcher()
        everything = tantivy.Query.all_query()
        for start in range(0, searcher.num_docs, _PAGE):
            with as_job_error(self.folder):
                page = searcher.search(
                    everything, limit=_PAGE, offset=start, count=False, order_by_field=KEY
                )
            yield [str(key) for key, _ in page.hits]

    def apply(self, removed: Iterable[str], added: Mapping[str, Mapping[str, Any]]) -> None:
        """Removes rows and adds or replaces others, durably, in one commit.

        A row to be added is a mapping of field names to values, without the key.
        """
        try:
            with as_job_error(self.folder):
                if self._writer is None:
                    self._writer = self._index.writer(_WRITER_BYTES, 1)
                for key in (*removed, *added):
                    self._writer.delete_documents_by_term(KEY, key)
                for key, fields in added.items():
                    self._writer.add_document(_row(key, fields))
                self._writer.commit()
        except BaseException:
            # A writer that failed half-way must not commit the half with the next call.
            self._writer = None
            self._remove_remains()
            raise

    def count(self) -> int:
        return int(self.searcher().num_docs)

    def close(self) -> None:
        """Ends merges and gives up tantivy's own lock."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with as_job_error(self.folder):
                writer.wait_merging_threads()

    def _remove_remains(self) -> None:
        """Files of a write that failed, which can be what fills the disk; tantivy would keep them
        until the next commit, for which there may be no room."""
        # What the write failed for is to be told, not this.
        with suppress(OSError, ValueError, RuntimeError):
            self._index.writer(_WRITER_BYTES, 1).garbage_collect_files()


def read_source(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> dict[str, Any]:
    stored: dict[str, Any] = orjson.loads(searcher.doc(address).get_first(SOURCE))
    return stored


def _row(key: str, fields: Mapping[str, Any]) -> tantivy.Document:
    row = tantivy.Document()
    row.add_text(KEY, key)
    for name, value in fields.items():
        if name == SOURCE:
            row.add_bytes(SOURCE, json.dumps(value, ensure_ascii=False).encode())
        elif isinstance(value, int):
            row.add_integer(name, value)
        else:
            for text in value:
                row.add_text(name, text)
    return row
