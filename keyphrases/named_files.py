"""Posts made of files that a person names: pictures, texts, and folders of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from keyphrases.text_file import UnusableFileError, begins_as_text, read_text
from posts.errors import InputError, PostError, Reason
from posts.ocr import read_words
from posts.picture_size import PictureSize
from posts.pictures import DEFAULT_LIMITS
from posts.shown_picture import ShownPicture, decode_to_show

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
TEXTS = frozenset({".txt", ".md"})


@dataclass(frozen=True, kw_only=True)
class NamedPost:
    """A post of a picture, a text, or both."""

    id: str
    """The picture's path as it was named, else the text's."""
    picture: Path | None = None
    text_file: Path | None = None
    text: str = ""
    """Instead of a file's."""
    error: str | None = None
    """Why what was named can be no post."""


@dataclass(frozen=True, kw_only=True)
class LoadedPost:
    """What is in the files of a post, or why they cannot be used."""

    id: str
    text: str = ""
    picture: bytes | None = None
    """Encoded as it lies there; if it is larger than a picture may be, not all of it."""
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReadPost:
    """A post as a model takes it, or why it cannot be."""

    id: str
    text: str = ""
    picture: Image.Image | None = None
    words: str | None = None
    """Those in the picture, where they were asked for."""
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class _File:
    """A file that was named, by itself or with its folder."""

    path: Path
    folder: str
    """Without links, so that a file has one place however it was named."""
    is_text: bool = False
    error: str | None = None


def named_posts(paths: Sequence[Path], text: str = "") -> list[NamedPost]:
    """The posts that files and folders make, in the order named, each file once.

    A text belongs to the pictures beside it, among the files named, of whose name its own is with
    another ending (cat.txt) or with an ending more (cat.jpg.txt, which comes first). `text` goes
    with every picture that has no such file; without any path it is a post by itself. A path that
    cannot be used is a post with an error. Raises InputError where nothing is named at all, and
    where there is no picture that `text` could go with.
    """
    if not paths and not text.strip():
        raise InputError("name pictures, texts or folders of them, or give --text")
    if not paths:
        return [NamedPost(id="--text", text=text)]
    posts = _pair(_files(paths), text)
    if text.strip() and all(post.text_file for post in posts):
        raise InputError(
            "--text is for pictures without a text of their own, and none is named: leave out "
            "--text, or name such a picture"
        )
    return posts


def load_post(post: NamedPost) -> LoadedPost:
    """The post with its text read and its picture as bytes."""
    if post.error is not None:
        return LoadedPost(id=post.id, error=post.error)
    try:
        text = post.text if post.text_file is None else read_text(post.text_file)
    except (UnusableFileError, OSError) as error:
        # Of two files it must be said which one is meant.
        about = f"its text {_shown(post.text_file)} " if post.picture and post.text_file else ""
        return LoadedPost(id=post.id, error=f"{about}{_why(error)}")
    try:
        picture = None if post.picture is None else _read_picture(post.picture)
    except (UnusableFileError, OSError) as error:
        return LoadedPost(id=post.id, error=_why(error))
    if picture is None and not text.strip():
        return LoadedPost(id=post.id, error="is empty")
    return LoadedPost(id=post.id, text=text, picture=picture)


def read_post(post: NamedPost, size: PictureSize, *, ocr: bool = False) -> ReadPost:
    """The post with its text read and its picture decoded in the wanted size, as for indexing.

    With `ocr` the words in the picture are read too.
    """
    loaded = load_post(post)
    if loaded.error is not None or loaded.picture is None or post.picture is None:
        return ReadPost(id=post.id, text=loaded.text, error=loaded.error)
    try:
        picture, words = _decode(loaded.picture, post.picture, size, ocr)
    except UnusableFileError as error:
        return ReadPost(id=post.id, error=str(error))
    return ReadPost(id=post.id, text=loaded.text, picture=picture, words=words)


def _pair(files: Iterable[_File], text: str) -> list[NamedPost]:
    files = list(files)
    texts: dict[tuple[str, str], Path] = {}
    for one in files:
        if one.is_text:
            texts.setdefault((one.folder, one.path.stem), one.path)
    own = {
        one.path: texts.get((one.folder, one.path.name)) or texts.get((one.folder, one.path.stem))
        for one in files
        if not one.is_text and one.error is None
    }
    taken = set(own.values())
    posts = []
    for one in files:
        id = _shown(one.path)
        if one.error is not None:
            posts.append(NamedPost(id=id, error=one.error))
        elif not one.is_text:
            beside = own[one.path]
            given = "" if beside else text
            posts.append(NamedPost(id=id, picture=one.path, text_file=beside, text=given))
        elif one.path not in taken:
            posts.append(NamedPost(id=id, text_file=one.path))
    return posts


def _files(paths: Iterable[Path]) -> Iterator[_File]:
    """All that was named, each place once."""
    seen = set()
    for path in paths:
        for one in _inside(path) if _is_folder(path) else [_file(path)]:
            place = (one.folder, one.path.name)
            if place not in seen:
                seen.add(place)
                yield one


def _inside(folder: Path) -> Iterator[_File]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield _unusable(folder, _why(error))
        return
    found = [one for one in entries if _is_known(one)]
    if not found:
        endings = ", ".join(sorted(PICTURES | TEXTS))
        yield _unusable(folder, f"has no picture or text in it ({endings})")
    yield from map(_file, found)


def _is_known(path: Path) -> bool:
    """What is no regular file may be known too: it was meant to be one, and its error is told."""
    return path.suffix.lower() in PICTURES | TEXTS and path.name[0] != "." and not _is_folder(path)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # Such as a name too long: told when it is tried as a file.
        return False


def _file(path: Path) -> _File:
    try:
        # Before anything is opened: to open a pipe is to wait for who writes to it.
        if not stat.S_ISREG(path.stat().st_mode):
            return _unusable(path, "is neither a file nor a folder")
        return _File(path=path, folder=_folder(path), is_text=_is_text(path))
    except FileNotFoundError:
        if path.is_symlink():
            return _unusable(path, "is a link to nothing")
        stdin = "; standard input is not read, --text takes words" if str(path) == "-" else ""
        return _unusable(path, f"is not there{stdin}")
    except OSError as error:
        return _unusable(path, _why(error))


def _unusable(path: Path, why: str) -> _File:
    return _File(path=path, folder=_folder(path), error=why)


def _folder(path: Path) -> str:
    return os.path.realpath(path.parent)


def _is_text(path: Path) -> bool:
    """By its ending or, where that says nothing, by how it begins."""
    ending = path.suffix.lower()
    return ending in TEXTS if ending in TEXTS | PICTURES else begins_as_text(path)


def _read_picture(path: Path) -> bytes:
    with path.open("rb") as stream:
        # One byte more than allowed is enough to know that it is too large.
        data = stream.read(DEFAULT_LIMITS.bytes + 1)
    if not data:
        raise UnusableFileError("is empty")
    return data


def _decode(data: bytes, path: Path, size: PictureSize, ocr: bool) -> ShownPicture:
    try:
        return decode_to_show(data, DEFAULT_LIMITS, size, read_words if ocr else None)
    except PostError as error:
        if error.reason is Reason.BROKEN_PICTURE and path.suffix.lower() not in PICTURES:
            known = ", ".join(DEFAULT_LIMITS.formats)
            raise UnusableFileError(f"is neither text in UTF-8 nor a picture ({known})") from None
        raise UnusableFileError(str(error)) from None


def _why(error: UnusableFileError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return str(error)


def _shown(path: Path) -> str:
    """A name as Unicode, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "replace")
