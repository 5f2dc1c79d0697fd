"""The trial index: some documents, as they would be had weak keyphrases never been indexed.

A query that leaves out weak keyphrases is not the same: they would go on weighing in BM25, by the
length of their fields and by how many posts have a word. So the documents are indexed anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from indexer.index.embedded.index import EmbeddedIndex
from indexer.index.reader import Reader
from indexer.index.records import Build, Document

_BUILD = Build(model="trial", model_digest="trial")
_WRITTEN = 10_000
"""Documents of one commit."""


@contextmanager
def trial_index(documents: Sequence[Document], threshold: float) -> Iterator[Reader]:
    """An embedded index of the documents without keyphrases that score below the threshold.

    It lies in a temporary folder, and is gone afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="keyphrases-") as folder:
        index = EmbeddedIndex("a trial index", Path(folder) / "index")
        try:
            with index.lock("trial"):
                index.begin(_BUILD)
                for start in range(0, len(documents), _WRITTEN):
                    some = documents[start : start + _WRITTEN]
                    refused = index.write([_cut(each, threshold) for each in some])
                    if refused:
                        raise AssertionError(f"an index gave what none can hold: {refused}")
            yield index.reader
        finally:
            index.close()


def _cut(document: Document, threshold: float) -> Document:
    kept = tuple(each for each in document.keyphrases if each.score >= threshold)
    return replace(document, keyphrases=kept)
