"""Bundles that a benchmark is told of, each under a name of its own: NAME=FOLDER."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_bundles(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Has a parser read them as its positional arguments, into `bundles`."""
    parser.add_argument(
        "bundles", nargs="*", metavar="NAME=BUNDLE", type=named_bundle, help=help_text
    )


def named_bundle(argument: str) -> tuple[str, Path]:
    """The name and the folder."""
    name, separator, folder = argument.partition("=")
    if not (separator and name and folder):
        raise argparse.ArgumentTypeError(f"{argument} is not NAME=FOLDER")
    return name, Path(folder)
