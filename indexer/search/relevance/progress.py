"""How far an evaluation of search is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how far it is, and where it ends if that is known."""
