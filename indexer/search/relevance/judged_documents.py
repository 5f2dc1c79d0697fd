"""The judged posts as an index holds them."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.index.condition import Either, HasId
from indexer.index.query import Hit, Query
from indexer.index.reader import Reader
from indexer.index.records import Document, Held
from indexer.index.stored import storable_id
from indexer.search.relevance.progress import Progress

_PAGE = 500
"""Ids of one search: engines take about a thousand clauses."""


def judged_documents(reader: Reader, ids: Sequence[str], progress: Progress) -> list[Document]:
    """Those of the posts that the index has, with what they are found by: text and keyphrases.

    They are asked for by their ids, however many others there are. `InputError` as of the reader.
    """
    # No index can hold the others.
    asked = [id for id in ids if storable_id(id)]
    found: list[Document] = []
    for start in range(0, len(asked), _PAGE):
        progress("fetch the posts from the index", start, len(asked))
        some = asked[start : start + _PAGE]
        query = Query(where=Either(tuple(map(HasId, some))), limit=len(some))
        found += map(_document, reader.search(query).hits)
    return found


def _document(hit: Hit) -> Document:
    return Document(
        id=hit.id,
        text=hit.text,
        created_at=hit.created_at,
        image_uri=hit.image_uri,
        has_picture=hit.has_picture,
        extra={},
        keyphrases=hit.keyphrases,
        held=Held("", ""),
        lead_picture=hit.lead_picture,
        summary=hit.summary,
    )
