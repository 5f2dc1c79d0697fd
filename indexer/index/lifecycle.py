"""The life of an index's versions: begun, finished, promoted, rolled back, removed.

One version is live. Those that were stay beside it as ways back, as many as are kept; one that
never was is the work of a rebuild, which goes on with it if it was killed. What an engine must be
able to do for this is `VersionStore`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from indexer.index.records import Build, IndexVersion, Milestones
from posts.errors import InputError

WAYS_BACK = 2
"""Versions that were live which a promotion leaves."""


class VersionStore(Protocol):
    """The versions of one index, by number; a higher one is younger."""

    def live(self) -> int | None: ...

    def numbers(self) -> list[int]:
        """Of all versions, ascending."""
        ...

    def build(self, number: int) -> Build: ...

    def milestones(self, number: int) -> Milestones: ...

    def note(self, number: int, milestones: Milestones) -> None:
        """Records durably how far a version has come."""
        ...

    def documents(self, number: int) -> int: ...

    def create(self, build: Build) -> int:
        """An empty version above all others, which nobody searches."""
        ...

    def point_to(self, number: int) -> None:
        """Searches see this version from now on, in one atomic step."""
        ...

    def remove(self, number: int) -> None: ...


def begin(store: VersionStore, location: str, build: Build, *, rebuild: bool) -> int:
    """The version for a run to write to, as `indexer.index.protocol.Index.begin` says."""
    live = store.live()
    if live is not None and not rebuild:
        refuse_another_build(location, store.build(live), build)
        return live
    number = _resumed(store, live, build) or store.create(build)
    if live is None:
        promote(store, number)
    return number


def refuse_another_build(location: str, live: Build, build: Build) -> None:
    """`InputError` if the live version was built with another model, or has another layout."""
    if live.layout != build.layout:
        raise InputError(
            f"the index {location} was written by another release of this program, whose layout "
            "this one cannot search; add --rebuild to write it anew"
        )
    if live.model_digest != build.model_digest:
        raise InputError(
            f"the index {location} was built with model {live.model} "
            f"({live.model_digest[:12]}), and this run has {build.model} "
            f"({build.model_digest[:12]}); add --rebuild to build it anew with that"
        )


def finish(store: VersionStore, number: int) -> None:
    """Notes that all of a dump is in a version, the first time."""
    milestones = store.milestones(number)
    if milestones.finished is None:
        store.note(number, replace(milestones, finished=datetime.now(UTC)))


def promote(store: VersionStore, number: int) -> None:
    """Makes a version the live one; of those that were, `WAYS_BACK` stay."""
    before = store.live()
    if before == number:
        return
    if before is not None:
        _note_promoted(store, before)  # Unless a kill came before that at its own promotion.
    store.point_to(number)
    _note_promoted(store, number)
    prune(store, keep=WAYS_BACK)


def finished(store: VersionStore, number: int) -> int:
    """That number; `InputError` unless there is such a version and it is whole."""
    by_number = {one.number: one for one in versions(store)}
    if number not in by_number:
        known = ", ".join(map(str, by_number)) or "none"
        raise InputError(f"there is no version {number} of this index; it has {known}")
    if by_number[number].status == "unfinished":
        raise InputError(
            f"version {number} is unfinished; run `keyphrases index --rebuild` again to finish it"
        )
    return number


def way_back(store: VersionStore) -> int:
    """The youngest version that was live before and is older than the live one."""
    live = store.live()
    older = [one.number for one in versions(store) if one.status == "previous"]
    older = [number for number in older if live is not None and number < live]
    if not older:
        raise InputError("there is no older version to go back to; `keyphrases indexes list`")
    return max(older)


def prune(store: VersionStore, *, keep: int, unpromoted: bool = False) -> list[int]:
    """Removes all but the `keep` youngest versions that were live, and on demand those that never
    were; the numbers of those that are gone."""
    found = versions(store)
    previous = [one.number for one in found if one.status == "previous"]
    gone = previous[: max(0, len(previous) - keep)]
    if unpromoted:
        gone += [one.number for one in found if one.status in ("ready", "unfinished")]
    for number in gone:
        store.remove(number)
    return sorted(gone)


def versions(store: VersionStore) -> list[IndexVersion]:
    """All, the oldest first."""
    live = store.live()
    return [
        IndexVersion(
            number=number,
            build=store.build(number),
            milestones=store.milestones(number),
            documents=store.documents(number),
            live=number == live,
        )
        for number in store.numbers()
    ]


def _note_promoted(store: VersionStore, number: int) -> None:
    milestones = store.milestones(number)
    if milestones.promoted is None:
        store.note(number, replace(milestones, promoted=datetime.now(UTC)))


def _resumed(store: VersionStore, live: int | None, build: Build) -> int | None:
    """A version that never was live and has the build's model and layout; others are removed."""
    found = None
    for number in store.numbers():
        if number == live or store.milestones(number).promoted is not None:
            continue
        begun = store.build(number)
        if (begun.model_digest, begun.layout) == (build.model_digest, build.layout):
            found = number
        else:
            store.remove(number)
    return found
