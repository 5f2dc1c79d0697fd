"""Command lines through the real parsers of `keyphrases` and `ray`, without running them."""

from __future__ import annotations

from typing import Any

import click
import pytest
from ray.scripts.scripts import cli as ray_cli

from keyphrases.main import cli as keyphrases_cli
from tests.deploy.command_lines import CommandLine

_CLIS: dict[str, click.Command] = {"keyphrases": keyphrases_cli, "ray": ray_cli}
_STANDS_FOR = {"N": "1", "R": "0.5", "DATE": "2026-11-21"}
_LEFT_OUT = (click.MissingParameter, click.BadOptionUsage, click.exceptions.NoArgsIsHelpError)


def parse(line: CommandLine) -> None:
    """Raises `click.UsageError` if the program would not take these words.

    Files that are named need not be there. In a partial line something may be missing.
    """
    with pytest.MonkeyPatch.context() as patch:
        for kind in (click.Path, click.File):
            patch.setattr(kind, "convert", _as_it_is)
        try:
            _parse(_CLIS[line.words[0]], line.words)
        except click.exceptions.Exit:  # `--help`
            return
        except _LEFT_OUT:
            if not line.partial:
                raise


def _parse(command: click.Command, words: tuple[str, ...]) -> None:
    arguments = [_STANDS_FOR.get(word, word) for word in words[1:]]
    context = command.make_context(words[0], arguments)
    while isinstance(context.command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, found, arguments = context.command.resolve_command(context, rest)
        assert found is not None
        context = found.make_context(name, arguments, parent=context)


def _as_it_is(_kind: click.ParamType, value: Any, _param: Any, _context: Any) -> Any:
    return value
