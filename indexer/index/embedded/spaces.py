"""The spaces of a table: made of its stored documents, kept in files beside it.

PATH/000002/vectors/text.arrow       ids and vectors of all posts that have a text
PATH/000002/vectors/picture.arrow    and of all that have a picture

The table has every vector too, and is written in one commit with all else of its document. So
these are made anew from it at the end of a run, and nothing is lost with them.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from indexer.index.embedded.space import Batch, Space, SpaceWriter, open_space, space_of
from indexer.index.embedded.table import Table
from indexer.index.vectors import Modality, decoded_vector
from posts.errors import InputError

FOLDER = "vectors"
_AT_A_TIME = 500
"""Documents, which are read whole: a text may have megabytes."""
SMALL = 20_000
"""Posts of a table whose spaces are made in memory, where there are no files of its state."""
_log = logging.getLogger(__name__)

Spaces = Mapping[Modality, Space]


def open_spaces(table: Table, dimensions: int) -> Spaces:
    """Of the table's present state or, if it is large and a run is writing to it, of the state
    at the end of the run before. `InputError` if there are none of either."""
    opened = {each: open_space(_file(table, each), dimensions) for each in Modality}
    spaces = {each: space for each, space in opened.items() if space is not None}
    whole = len(spaces) == len(Modality)
    commit = commit_of(table)
    if whole and all(space.commit == commit for space in spaces.values()):
        return spaces
    if table.count() <= SMALL:
        read = list(_read(table, whole=True))
        return {
            each: space_of([batches[each] for batches in read], dimensions, commit)
            for each in Modality
        }
    if whole:
        return spaces
    raise InputError(
        "the index has vectors that cannot be searched yet; they can when the run that writes them "
        "has ended, or after another run of `keyphrases index`"
    )


def make_spaces(table: Table, dimensions: int) -> None:
    """Makes the files of the table's present state, unless they are there; raises `OSError`."""
    commit = commit_of(table)
    opened = [open_space(_file(table, each), dimensions) for each in Modality]
    if all(space is not None and space.commit == commit for space in opened):
        return
    begun = time.monotonic()
    (table.folder / FOLDER).mkdir(exist_ok=True)
    writers = {each: SpaceWriter(_file(table, each), dimensions, commit) for each in Modality}
    try:
        for batches in _read(table, whole=False):
            for each, writer in writers.items():
                writer.add(batches[each])
        for writer in writers.values():
            writer.close()
    except BaseException:
        for writer in writers.values():
            writer.discard()
        raise
    _log.info("vectors of %d posts gathered in %.0f s", table.count(), time.monotonic() - begun)


def commit_of(table: Table) -> str:
    """Names the state of a table that was committed last."""
    return str(json.loads((table.folder / "meta.json").read_bytes())["opstamp"])


def _read(table: Table, *, whole: bool) -> Iterator[dict[Modality, Batch]]:
    """`whole`: all in one, which is searched faster than many small ones."""
    gathered: dict[Modality, tuple[list[str], list[bytes]]] = _nothing()
    pages = table.keys()
    for keys in pages:
        for start in range(0, len(keys), _AT_A_TIME):
            for id, source in table.sources(keys[start : start + _AT_A_TIME]).items():
                for each, (ids, vectors) in gathered.items():
                    vector = decoded_vector(source, each)
                    if vector is not None:
                        ids.append(id)
                        vectors.append(vector)
        if not whole:
            yield dict(gathered)
            gathered = _nothing()
    if whole:
        yield dict(gathered)


def _nothing() -> dict[Modality, tuple[list[str], list[bytes]]]:
    return {each: ([], []) for each in Modality}


def _file(table: Table, modality: Modality) -> Path:
    return table.folder / FOLDER / f"{modality}.arrow"
