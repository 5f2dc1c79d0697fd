"""Finding the files of a published data set in what the user gave."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from posts.errors import InputError
from posts.imports.aimkp import AimkpFile
from posts.imports.cmkp import CmkpFile
from posts.post import Post

_SPLITS = ("train", "valid", "test")
_LINES = "_src.txt"
_JSON = ".json"
_JSON_BEGINS = re.compile(rb"(\xef\xbb\xbf)?\s*\[\s*[{\]]")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class SplitFile(Protocol):
    """One split of a data set, in whatever layout."""

    path: Path
    split: str
    entries: int
    notes: tuple[str, ...]

    def posts(self) -> Iterator[Post]: ...


def _lines_or_json(path: Path, split: str) -> SplitFile:
    return AimkpFile(path, split) if _is_json(path) else CmkpFile(path, split)


_OPENERS: dict[str, tuple[tuple[str, ...], Callable[[Path, str], SplitFile]]] = {
    "cmkp": ((_LINES, _JSON), _lines_or_json),
    "aimkp": ((_JSON,), AimkpFile),
}
"""Of each layout the endings of its files, the first one wins, and what opens one."""

LAYOUTS = tuple(_OPENERS)


def find_splits(source: str, layout: str) -> tuple[list[SplitFile], bool]:
    """The splits of a local file or folder, and whether they are a folder's.

    Of a folder they are those of train, valid and test that it has, in this order. Raises
    `InputError` if there is none, one cannot be read, or one has no post.
    """
    if _ADDRESS.match(source):
        raise InputError(f"{source[:80]} is not local; copy the data set here first")
    endings, opened = _OPENERS[layout]
    path = Path(source)
    try:
        found = list(_found(path, endings))
        if not found:
            wanted = " or ".join(f"{_SPLITS[0]}{ending}" for ending in endings)
            raise InputError(f"there is no {wanted}, nor valid or test, in {path}; give a file")
        splits = [opened(file, split) for file, split in found]
        for split in splits:
            _check_has_posts(split)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputError(f"{error.filename or path} cannot be read: {why}") from None
    return splits, path.is_dir()


def _found(path: Path, endings: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    if path.is_file():
        name = path.name
        ending = next((each for each in endings if name.endswith(each)), path.suffix)
        yield path, name.removesuffix(ending) or "posts"
    elif path.is_dir():
        for split in _SPLITS:
            files = (path / f"{split}{ending}" for ending in endings)
            if file := next((file for file in files if file.is_file()), None):
                yield file, split
    else:
        raise InputError(
            f"there is no file or folder {path}; give a file or folder of the data set"
        )


def _is_json(path: Path) -> bool:
    with path.open("rb") as stream:
        return bool(_JSON_BEGINS.match(stream.read(4096))) or path.name.endswith(_JSON)


def _check_has_posts(split: SplitFile) -> None:
    first = None
    for post in split.posts():
        if post.error is None:
            return
        first = first or post
    why = f"{first.source}: {first.error}" if first else "it is empty"
    raise InputError(f"{split.path} holds no post that can be read ({why}); is it another layout?")
