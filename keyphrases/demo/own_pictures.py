"""The user's own pictures: a folder of them, made into a dump."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from keyphrases.named_files import PICTURES, NamedPost, load_post, named_posts
from posts.errors import InputError
from posts.new_dump import NewDump
from posts.post import Post
from posts.records import clean_text

MOST_PICTURES = 500
"""A demo shows them all on one page; more are for `keyphrases index`."""

LeftOut = tuple[str, str]
"""Name of a file, and why it is no part of the dump."""


def find_pictures(folder: Path) -> list[NamedPost]:
    """The pictures in a folder by name, each with the text of the same name if there is one.

    Subfolders, hidden files and texts of no picture are left out; what cannot be used is kept, to
    be told of. Raises InputError if there is no picture.
    """
    posts = named_posts([folder])
    if not any(post.picture is not None for post in posts):
        raise InputError(f"there is no picture in {folder} ({', '.join(sorted(PICTURES))})")
    return [post for post in posts if post.picture is not None or post.error is not None]


def write_dump(pictures: Sequence[NamedPost], place: Path) -> list[LeftOut]:
    """Copies pictures and texts into a new dump, and gives those whose files cannot be read.

    A post's id is the name of its picture. Pictures are not looked into: a broken one is for the
    run to find. Raises InputError if the place is not empty, or if no file at all can be read.
    """
    left_out: list[LeftOut] = []
    with NewDump(str(place), [""]) as dump:
        dump.add("", _posts(pictures, left_out))
        if len(left_out) == len(pictures):
            name, why = left_out[0]
            others = f" (nor {len(left_out) - 1} others)" if len(left_out) > 1 else ""
            raise InputError(f"{name} cannot be used{others}: {why}")
    return left_out


def _posts(pictures: Sequence[NamedPost], left_out: list[LeftOut]) -> Iterator[Post]:
    for named in pictures:
        loaded = load_post(named)
        # Names of files need not be Unicode, ids must be.
        name = clean_text(Path(named.id).name)
        if loaded.error is not None:
            left_out.append((name, loaded.error))
        else:
            yield Post(id=name, text=loaded.text, image=loaded.picture)
