"""The fragment: a part of a dump that one task reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of one file of a dump."""

    number: int
    """Position in the dump's order, from 0."""
    name: str
    """The file, relative to the dump's root."""
    format: str
    """Key of `posts.readers.READERS`."""
    start: int
    """First row group (Parquet) or byte (JSON Lines); 0 for a file read whole."""
    stop: int
    """Behind the last one."""
    bytes: int
    """Size as stored, roughly."""
