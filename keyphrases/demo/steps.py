"""The steps of the demo as people read them: numbered headings, commands to type, and places."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Protocol

from rich.markup import escape
from rich.rule import Rule

from keyphrases.console import out

Place = tuple[str, object]
"""What lies somewhere, in a few words, and where."""


class Steps:
    """Numbers the headings of a demo, however many parts it has."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def begin(self, words: str) -> None:
        """The heading of the next step."""
        _heading(f"{next(self._numbers)}. {words}")

    def end(self, places: Iterable[Place], searches: Iterable[str], pages: Iterable[str]) -> None:
        """Says where all of it lies, which searches to type, and what serves a page for them."""
        _heading("Where it lies")
        for what, where in places:
            out.print(f"  {what:28}{where}", markup=False)
        out.print("\nSearch it yourself:")
        for arguments in searches:
            out.print(f"  {_program()} {arguments}", markup=False)
        out.print("\nOr on a page in your browser:")
        for arguments in pages:
            out.print(f"  {_program()} {arguments}", markup=False)


class Part(Protocol):
    """A part of the demo: some steps, what they leave, and a search in it."""

    def show(self, steps: Steps) -> None:
        """Does and shows all of it."""
        ...

    @property
    def made(self) -> Sequence[Place]:
        """What lies where, once it was shown."""
        ...

    @property
    def search(self) -> str:
        """What to type behind `keyphrases` for a search, once it was shown."""
        ...

    @property
    def page(self) -> str:
        """What to type behind `keyphrases` for a page to search with."""
        ...


def search_arguments(words: str, index: str, options: str = "") -> str:
    """What to type behind `keyphrases` for a search."""
    return f"search {_quoted(words)} {options}{' ' if options else ''}--index {shlex.quote(index)}"


def serve_arguments(index: str, dump: object) -> str:
    """What to type behind `keyphrases` for a page to search with."""
    return f"serve --index {shlex.quote(index)} --dump {shlex.quote(str(dump))}"


def show_command(why: str, arguments: str) -> None:
    """A command as a shell's transcript would show it, and why it is worth typing."""
    out.print(f"\n[dim]# {escape(why)}[/dim]\n[green]keyphrases {escape(arguments)}[/green]")


def _quoted(words: str) -> str:
    """In double quotes where that is safe in a shell: they read better than single ones."""
    plain = all(character.isalnum() or character in " -_.,'" for character in words)
    return f'"{words}"' if plain else shlex.quote(words)


def _heading(words: str) -> None:
    out.print()
    out.print(Rule(f"[bold]{escape(words)}[/bold]", align="left"))


def _program() -> str:
    """What to type for this program: its name, or where it lies if no PATH leads there."""
    name = "keyphrases"
    return name if shutil.which(name) else os.path.relpath(Path(sys.executable).with_name(name))
