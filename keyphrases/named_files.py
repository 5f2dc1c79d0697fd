"""Posts made of files that a person names: pictures, texts, and folders of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from posts.errors import InputError, PostError
from posts.pictures import DEFAULT_LIMITS, decode_picture

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
TEXTS = frozenset({".txt", ".md"})
_BEGINNING = 4096
"""Bytes that tell whether a file without a known ending is text."""
_LONGEST_TEXT = 1_000_000
"""Bytes; no model reads further."""


@dataclass(frozen=True, kw_only=True)
class NamedPost:
    """A post of one or two files that lie beside each other."""

    id: str
    """The picture's path as it was named, else the text's."""
    picture: Path | None = None
    text_file: Path | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class ReadPost:
    """A post as a model takes it, or why it cannot be."""

    id: str
    text: str = ""
    picture: Image.Image | None = None
    error: str | None = None


def named_posts(paths: Sequence[Path], text: str = "") -> list[NamedPost]:
    """The posts that files and folders make, in the order named.

    A picture and a text of the same name but for the ending are one post. `text` goes with every
    picture that has no such file; without any path it is a post by itself. Raises InputError for
    a path that is not there, a folder with nothing in it, and where nothing is named at all.
    """
    if not paths and not text.strip():
        raise InputError("name pictures, texts or folders of them, or give --text")
    if not paths:
        return [NamedPost(id="--text", text=text)]
    posts: dict[Path, NamedPost] = {}
    for path in _files(paths):
        key = path.with_suffix("")
        so_far = posts.get(key)
        if _is_text(path):
            if so_far is None or so_far.text_file is None:
                post = so_far or NamedPost(id=str(path))
                posts[key] = replace(post, text_file=path)
        elif so_far is None or so_far.picture is None:
            post = so_far or NamedPost(id=str(path))
            posts[key] = replace(post, id=str(path), picture=path)
        else:
            # A second picture of that name, with another ending: a post of its own.
            posts[path] = NamedPost(id=str(path), picture=path)
    return [post if post.text_file else replace(post, text=text) for post in posts.values()]


def read_post(post: NamedPost) -> ReadPost:
    """The post with its picture decoded and its text read."""
    try:
        text = post.text if post.text_file is None else _read_text(post.text_file)
        picture = None if post.picture is None else _read_picture(post.picture)
    except PostError as error:
        return ReadPost(id=post.id, error=str(error))
    except OSError as error:
        return ReadPost(id=post.id, error=f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError:
        return ReadPost(id=post.id, error="is not text in UTF-8")
    if picture is None and not text.strip():
        return ReadPost(id=post.id, error="is empty")
    return ReadPost(id=post.id, text=text, picture=picture)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = [one for one in sorted(path.iterdir()) if _is_known(one)]
            if not inside:
                endings = ", ".join(sorted(PICTURES | TEXTS))
                raise InputError(f"there is no picture or text in {path} ({endings})")
            yield from inside
        elif path.exists():
            yield path
        else:
            raise InputError(f"there is no file {path}")


def _is_known(path: Path) -> bool:
    return path.suffix.lower() in PICTURES | TEXTS and path.is_file() and path.name[0] != "."


def _is_text(path: Path) -> bool:
    """By its ending or, where that says nothing, by how it begins."""
    ending = path.suffix.lower()
    if ending in TEXTS | PICTURES:
        return ending in TEXTS
    try:
        with path.open("rb") as stream:
            start = stream.read(_BEGINNING)
    except OSError:
        return False
    return b"\0" not in start and _decodes(start)


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        # A character that was cut in two at the end is no error.
        return len(data) == _BEGINNING and error.start > len(data) - 4
    return True


def _read_text(path: Path) -> str:
    with path.open("rb") as stream:
        data = stream.read(_LONGEST_TEXT)
        # A character may have been cut in two at the end; what is broken within is an error.
        return data.decode("utf-8", "ignore" if stream.read(1) else "strict")


def _read_picture(path: Path) -> Image.Image:
    with path.open("rb") as stream:
        # One byte more than allowed is enough to know that it is too large.
        return decode_picture(stream.read(DEFAULT_LIMITS.bytes + 1))
