"""The versions of an embedded index with their tables (see `indexer.index.lifecycle`)."""

from __future__ import annotations

import tantivy

from indexer.index.embedded.folder import IndexFolder
from indexer.index.embedded.rows import documents_schema
from indexer.index.embedded.table import Table
from indexer.index.records import LAYOUT, Build


class VersionsFolder(IndexFolder):
    """The folder, as a store of versions."""

    def create(self, build: Build) -> int:
        Table(self.draft, documents_schema(vectors=build.dimensions > 0), create=True)
        return self.adopt_draft(build)

    def documents(self, number: int) -> int:
        if not tantivy.Index.exists(str(self.version(number))):
            return 0  # A removal was killed.
        return self.table(number).count()

    def table(self, number: int, *, create: bool = False) -> Table:
        """Of another layout it has what is common to all: rows can be counted and removed."""
        build = self.build(number)
        current = create or build.layout == LAYOUT
        schema = documents_schema(vectors=build.dimensions > 0) if current else None
        return Table(self.version(number), schema, create=create, key_in="id")
