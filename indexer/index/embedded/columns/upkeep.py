"""Upkeep: the arrays of a version, as folders beside its table; made, found, removed.

VERSION/columns-NAME/    of the state of the table that has this name
VERSION/columns.new/     until they are whole
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.index.embedded.columns.build import build
from indexer.index.embedded.columns.columns import Columns, load_columns
from indexer.index.embedded.columns.seal import is_sealed
from indexer.index.embedded.columns.snapshot import Signature, Snapshot, signature, snapshot
from indexer.index.embedded.failures import as_job_error
from indexer.index.embedded.table import Table

LEAST_POSTS = 20_000
"""Smaller tables are searched fast without."""

_PREFIX, _DRAFT = "columns-", "columns.new"

_log = logging.getLogger(__name__)


def renew(table: Table) -> None:
    """Makes arrays of what the table has now, if it is large, and removes all others.

    For the process that writes, at the end of a run: whatever goes wrong is told and no more, for
    the posts are written and can be searched.
    """
    try:
        with as_job_error(table.folder):
            now = snapshot(table.folder, table)
            wanted = _folder(table, now)
            is_large = now.searcher.num_docs >= LEAST_POSTS
            keep = wanted if is_large and is_sealed(wanted) else None
            _remove_others(table.folder, keep)
            if is_large and keep is None:
                draft = table.folder / _DRAFT
                build(draft, now)
                draft.rename(wanted)
    except Exception as error:  # noqa: BLE001  # No run fails for what only makes it faster.
        _remove_others(table.folder, None)
        _log.warning("searches will be slower, for arrays could not be built: %s", _short(error))


def forget(table: Table) -> None:
    """Removes all arrays, which have words of posts that are to be gone."""
    _remove_others(table.folder, None)


@dataclass(frozen=True, slots=True)
class _Kept:
    table: Table
    signature: Signature
    snapshot: Snapshot
    columns: Columns | None


class CurrentColumns:
    """Of the table that is searched: arrays as long as they are of its present state."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None

    def of(self, table: Table) -> Columns | None:
        """None: there are none of this state."""
        found = signature(table.folder)
        # Taken once: another thread may change it at any time.
        kept = self._kept
        if kept is None or kept.table is not table or kept.signature != found:
            kept = _Kept(table, found, snapshot(table.folder, table), None)
        if kept.columns is None and _folder(table, kept.snapshot).exists():
            kept = replace(kept, columns=_opened(table, kept.snapshot))
        self._kept = kept
        return kept.columns

    def close(self) -> None:
        self._kept = None


def _opened(table: Table, now: Snapshot) -> Columns | None:
    folder = _folder(table, now)
    if not is_sealed(folder):
        return None
    try:
        columns = load_columns(folder, now.searcher)
        # Else some of them may have been removed before they were seen.
        return columns if is_sealed(folder) else None
    except (OSError, ValueError, KeyError) as error:
        # They may be removed at this moment.
        _log.warning("the arrays in %s cannot be opened: %s", folder, _short(error))
        return None


def _folder(table: Table, now: Snapshot) -> Path:
    return table.folder / f"{_PREFIX}{now.name}"


def _remove_others(table: Path, keep: Path | None) -> None:
    """Searches that have them open go on; the system frees the space after them."""
    for path in (*table.glob(f"{_PREFIX}*"), table / _DRAFT):
        if path != keep:
            shutil.rmtree(path, ignore_errors=True)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
