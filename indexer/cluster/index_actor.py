"""The index actor: the one process that has an index which workers cannot open by themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from indexer.cluster.failures import root_cause
from indexer.cluster.placement import on_this_node
from indexer.index.location import open_index
from indexer.index.records import (
    Build,
    DeadHeld,
    DeadLetter,
    Document,
    DocumentUpdate,
    Held,
    Survey,
)
from posts.errors import KeyphraseError


class _Opened:
    """Lives in the actor, and does there what it is told."""

    def __init__(self, location: str) -> None:
        self._index = open_index(location)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._index, method)(*args, **kwargs)

    def ids(self) -> list[str]:
        """All at once, for an iterator cannot travel."""
        return list(chain.from_iterable(self._index.ids()))


class RemoteIndex:
    """The part of `indexer.index.protocol.Index` that a run needs, by way of the actor.

    Can be pickled: workers ask the same actor. It lives on the driver's machine, where the
    index's folder is, and ends with the driver.
    """

    def __init__(self, location: str) -> None:
        self._actor: Any = ray.remote(**on_this_node())(_Opened).remote(location)

    def begin(self, build: Build, *, rebuild: bool = False) -> None:
        self._call("begin", build, rebuild=rebuild)

    def held(self, ids: Sequence[str]) -> Mapping[str, Held]:
        found: Mapping[str, Held] = self._call("held", ids)
        return found

    def dead(self, keys: Sequence[str]) -> Mapping[str, DeadHeld]:
        found: Mapping[str, DeadHeld] = self._call("dead", keys)
        return found

    def write(
        self,
        documents: Sequence[Document] = (),
        updates: Sequence[DocumentUpdate] = (),
        letters: Sequence[DeadLetter] = (),
    ) -> Mapping[str, str]:
        refused: Mapping[str, str] = self._call("write", documents, updates, letters)
        return refused

    def ids(self) -> Iterator[Sequence[str]]:
        yield self._answer(self._actor.ids.remote())

    def remove(self, ids: Sequence[str]) -> None:
        self._call("remove", ids)

    def finish(self) -> None:
        self._call("finish")

    def survey_live(self, *, phrases: int) -> Survey:
        found: Survey = self._call("survey_live", phrases=phrases)
        return found

    def survey_own(self, words: Sequence[str]) -> Survey:
        found: Survey = self._call("survey_own", words)
        return found

    def promote(self) -> None:
        self._call("promote")

    def refresh(self) -> None:
        self._call("refresh")

    def close(self) -> None:
        """Closes the index and ends the actor; no error if that has died."""
        with contextlib.suppress(RayError):
            self._call("close")
        ray.kill(self._actor)

    def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._answer(self._actor.call.remote(method, *args, **kwargs))

    def _answer(self, promised: Any) -> Any:
        try:
            return ray.get(promised)
        except RayTaskError as error:
            # As if the index were here: its own errors, without Ray's around them.
            cause = root_cause(error)
            raise (cause if isinstance(cause, KeyphraseError) else error) from None
