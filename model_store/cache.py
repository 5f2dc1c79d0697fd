"""The cache: bundles of a store on S3, copied once to this machine, and bases made on it."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from model_store.card import CARD_FILE
from model_store.seal import check_bundle, read_card
from posts.errors import InputError
from posts.files.base import Files
from posts.files.local import LocalFiles


def fetch_bundle(files: Files, folder: str) -> Path:
    """A local copy of the bundle in a folder of `files`, every file checked.

    Copies are kept by the hash of their card, which holds the hashes of all files; a copy that
    does not check out is fetched again.
    """
    card = read_card(files, folder).to_json()
    place = cache_folder("models") / hashlib.sha256(card).hexdigest()
    if place.is_dir():
        try:
            check_bundle(LocalFiles(place))
        except InputError:
            shutil.rmtree(place, ignore_errors=True)
        else:
            return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="fetching-") as unfinished:
        copy = Path(unfinished) / "bundle"
        _copy(files, folder, copy)
        check_bundle(LocalFiles(copy))
        try:
            copy.rename(place)
        except OSError:
            # Another process was quicker; its copy is the same.
            check_bundle(LocalFiles(place))
    return place


def _copy(files: Files, folder: str, copy: Path) -> None:
    card = read_card(files, folder)
    for name in card.files:
        try:
            data = files.read(f"{folder}/{name}")
        except FileNotFoundError:
            raise InputError(
                f"corrupt bundle {files.root}/{folder}: {name} is missing; publish it again"
            ) from None
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(data)
    (copy / CARD_FILE).write_bytes(card.to_json())


def cache_folder(kind: str) -> Path:
    """Where things of a kind are kept for this user; it need not be there yet."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "keyphrases" / kind
