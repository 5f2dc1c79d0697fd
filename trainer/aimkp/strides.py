"""Strides: how coarsely each post is masked next, and how its masked views have fared so far.

The state of a run that is keyed by post: part of every checkpoint, and shared between workers at
each checkpoint and at each epoch's end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Literal, Self

import pyarrow as pa
from torch import distributed

Afterwards = Literal["adapt", "freeze"]


class Modality(StrEnum):
    """What a view masks."""

    IMAGE = "image"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class Progression:
    """How a stride changes from visit to visit."""

    after_failure: Afterwards = "adapt"
    """Whether the stride of a post goes on changing once one of its views was dropped. `freeze`
    is what the published code does; such a view is still made and still filtered."""
    largest: Mapping[Modality, int]
    """Longest stride of each modality; 1 switches its masking off, 0 means any length."""

    def first(self, modality: Modality) -> int:
        """The stride after a post's first visit, on which nothing is masked."""
        return self._bounded(2, modality)

    def next(self, view: ViewState, modality: Modality, kept: bool) -> ViewState:
        """The state of a post's view after one was made and kept or dropped."""
        if view.frozen:
            return view
        stride = 2 * view.stride if kept else max(2, view.stride // 2)
        frozen = not kept and self.after_failure == "freeze"
        return replace(view, stride=self._bounded(stride, modality), frozen=frozen)

    def _bounded(self, stride: int, modality: Modality) -> int:
        return min(stride, self.largest[modality] or _BEYOND_ALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewState:
    """One post's masked view of one modality."""

    stride: int = 1
    """To be used next; 1 means that no such view is made."""
    frozen: bool = False
    """Whether the stride stays as it is for good."""
    made: int = 0
    """Masked views so far."""
    dropped: int = 0
    """How many of these the filter dropped."""
    epoch: int = 0
    """Epoch of the last one, from 1; 0 before there was any."""
    last_stride: int = 0
    """Stride of the last one."""
    cosine: float = 0.0
    """Of the last one's gradient with that of the clean view."""
    kept: bool = False
    """Whether the last one was kept."""


_BEYOND_ALL = 2**30
"""No text and no picture is that long; doubling on would only run out of bits."""
_Key = tuple[str, Modality]
_NEW = ViewState()
_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("modality", pa.string(), nullable=False),
        pa.field("stride", pa.int64(), nullable=False),
        pa.field("frozen", pa.bool_(), nullable=False),
        pa.field("made", pa.int64(), nullable=False),
        pa.field("dropped", pa.int64(), nullable=False),
        pa.field("epoch", pa.int64(), nullable=False),
        pa.field("last_stride", pa.int64(), nullable=False),
        pa.field("cosine", pa.float64(), nullable=False),
        pa.field("kept", pa.bool_(), nullable=False),
    ]
)


class Strides:
    """The views of all posts that were visited."""

    def __init__(self) -> None:
        self._views: dict[_Key, ViewState] = {}
        self._unshared: dict[_Key, ViewState] = {}

    def __len__(self) -> int:
        return len(self._views)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Strides) and self._views == other._views

    __hash__ = None  # type: ignore[assignment]

    def of(self, post: str, modality: Modality) -> ViewState:
        """A post's view; that of a post never visited has a stride of 1."""
        return self._views.get((post, modality), _NEW)

    def visited(self, post: str, modality: Modality, progression: Progression) -> None:
        """Notes that no such view of the post was made; its first visit readies one."""
        if (post, modality) not in self._views:
            self._put((post, modality), ViewState(stride=progression.first(modality)))

    def made(
        self,
        post: str,
        modality: Modality,
        progression: Progression,
        *,
        epoch: int,
        cosine: float,
        kept: bool,
    ) -> None:
        """Notes how the view of the post that was made in this epoch has fared."""
        before = self.of(post, modality)
        after = replace(
            progression.next(before, modality, kept),
            made=before.made + 1,
            dropped=before.dropped + (not kept),
            epoch=epoch,
            last_stride=before.stride,
            cosine=cosine,
            kept=kept,
        )
        self._put((post, modality), after)

    def made_in(self, epoch: int) -> Iterator[tuple[str, Modality, ViewState]]:
        """Post, modality and view wherever the last view was made in that epoch."""
        for (post, modality), view in self._views.items():
            if view.epoch == epoch:
                yield post, modality, view

    def _put(self, key: _Key, view: ViewState) -> None:
        self._views[key] = self._unshared[key] = view

    def share(self) -> None:
        """Gives all workers what each has noted since the last time; all must call it."""
        if distributed.is_initialized() and distributed.get_world_size() > 1:
            gathered: list[dict[_Key, ViewState]] = [
                {} for _ in range(distributed.get_world_size())
            ]
            distributed.all_gather_object(gathered, self._unshared)
            # A post is visited by one worker in an epoch, so no two have noted the same.
            for noted in gathered:
                self._views.update(noted)
        self._unshared = {}

    def to_table(self) -> pa.Table:
        """All views, a row each, ordered by post and modality."""
        rows = [
            {"id": post, "modality": str(modality), **asdict(view)}
            for (post, modality), view in sorted(self._views.items())
        ]
        return pa.Table.from_pylist(rows, schema=_SCHEMA)

    @classmethod
    def from_table(cls, table: pa.Table) -> Self:
        """Inverse of `to_table`."""
        strides = cls()
        names = [field.name for field in fields(ViewState)]
        for row in table.to_pylist():
            view = ViewState(**{name: row[name] for name in names})
            strides._views[row["id"], Modality(row["modality"])] = view
        return strides
