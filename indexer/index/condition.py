"""Conditions: what a post must be, whatever its rank; a small tree that both engines understand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class HasKeyphrase:
    """The post has this keyphrase, as a whole, in whatever case."""

    phrase: str


@dataclass(frozen=True, slots=True)
class HasWords:
    """The text or one keyphrase has these words, one directly after the other, in their order.

    Nothing has no words at all: where the text has none, no post meets it.
    """

    text: str


@dataclass(frozen=True, slots=True)
class HasId:
    """It is this post."""

    id: str


@dataclass(frozen=True, slots=True)
class HasPicture:
    """The post came with a good picture, whether the model was shown it or not."""


@dataclass(frozen=True, slots=True)
class IsAligned:
    """The post's text and picture belong together with this probability or a higher one."""

    least: float
    """In hundredths."""


@dataclass(frozen=True, slots=True)
class Every:
    """All parts are met; so of none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One part or more is met; never of none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part is not met."""

    part: Condition


Condition: TypeAlias = (
    HasKeyphrase | HasWords | HasId | HasPicture | IsAligned | Every | Either | Not
)
