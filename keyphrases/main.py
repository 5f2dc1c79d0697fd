"""The command `keyphrases`: its sub-commands, and what an error means to the shell.

Exit code 0: done. 1: the job failed after it had begun. 2: the user's input or surroundings are
wrong and nothing was begun; one line on stderr says what and how to mend it.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys

import click

from keyphrases.console import printable
from posts.errors import InputError, KeyphraseError

COMMANDS = {
    "demo": "Show the whole thing at work, on pictures that come with it or on yours.",
    "import": "Turn a published data set into a dump.",
    "train": "Fine-tune a model on a dump with gold keyphrases.",
    "evaluate": "Measure a model on a dump with gold keyphrases.",
    "score": "Score predictions that any program made.",
    "tag": "Print the keyphrases of some pictures and texts.",
    "index": "Generate keyphrases for a dump and make them searchable.",
    "search": "Search an index.",
    "evaluate-search": "Measure how well an index finds posts with gold keyphrases.",
    "serve": "Serve an index over HTTP, with a page to search it.",
    "delete": "Take posts down: out of the index and of all later runs.",
    "indexes": "List the versions of an index, promote, roll back and remove them.",
    "models": "List, inspect, promote, roll back and verify models.",
    "submit": "Run `index` or `train` on a Ray cluster, as the job of a night.",
}

_MODULES = {"import": "import_data_set", "evaluate-search": "evaluate_search"}
"""Commands whose modules have other names: neither a keyword of Python nor a dash can be in one."""


class LazyGroup(click.Group):
    """Imports a command's module when it is called: `--help` must not wait for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"keyphrases.commands.{_MODULES.get(cmd_name, cmd_name)}")
        return module.command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keyphrase-indexer", message="%(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log more, and the traceback of errors.")
def cli(verbose: bool) -> None:
    """Turn dumps of posts (text and pictures) into keyphrases that people can search."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR,
        format="%(asctime)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


def main() -> None:
    """Entry point of the console script."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.Abort:
        _fail("interrupted; run the same command again to go on where it stopped", 130)
    except click.UsageError as error:
        _fail(f"{error.format_message()} (see `{_path(error)} --help`)", 2)
    except InputError as error:
        _fail(str(error), 2)
    except KeyphraseError as error:
        _fail(str(error), 1)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is left to say, to nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _fail(f"{error.filename or 'input or output'}: {error.strerror or error}", 1)


def _path(error: click.UsageError) -> str:
    return error.ctx.command_path if error.ctx else "keyphrases"


def _fail(message: str, code: int) -> None:
    if "--verbose" in sys.argv or "-v" in sys.argv:
        logging.getLogger("keyphrases").exception("failed")
    click.echo(f"keyphrases: {printable(message)}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
