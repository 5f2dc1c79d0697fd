"""The seal of a bundle: its card names every file with its hash, and nothing else may be there.

Free of torch, for who only wants to know which versions there are and whether they are whole.
"""

from __future__ import annotations

import hashlib

from model_store.card import CARD_FILE, Card
from posts.errors import InputError
from posts.files.base import Files

_BLOCK = 1 << 22


def check_bundle(files: Files, folder: str = "") -> Card:
    """Re-hashes all files of a bundle in a folder of `files`, and gives its card.

    `InputError` names the first file that is missing, foreign or changed.
    """
    where = f"corrupt bundle {files.root}/{folder}".rstrip("/")
    below = f"{folder}/" if folder else ""
    present = {info.name.removeprefix(below) for info in files.list(folder)} - {CARD_FILE}
    card = read_card(files, folder)
    for name in sorted(present | set(card.files)):
        if name not in present:
            raise InputError(f"{where}: {name} is missing; publish it again")
        if name not in card.files:
            raise InputError(f"{where}: {name} does not belong there; remove it")
        if sha256(files, below + name) != card.files[name]:
            raise InputError(f"{where}: {name} has changed; publish it again")
    return card


def read_card(files: Files, folder: str = "") -> Card:
    """The card of a bundle, without a look at the other files."""
    where = f"corrupt bundle {files.root}/{folder}".rstrip("/")
    try:
        return Card.from_json(files.read(f"{folder}/{CARD_FILE}".lstrip("/")))
    except FileNotFoundError:
        raise InputError(f"{where}: {CARD_FILE} is missing; publish it again") from None
    except ValueError as error:
        raise InputError(
            f"{where}: {CARD_FILE} cannot be trusted: {error}; publish it again, "
            "or update this program if it is newer"
        ) from error


def sha256(files: Files, name: str) -> str:
    """Hexadecimal hash of a file's content."""
    digest = hashlib.sha256()
    with files.open(name) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
