"""Splits of a data set written as dumps, with a count of all that becomes of their posts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from posts.errors import PostError, Reason
from posts.imports.picture_folder import PictureFolder
from posts.imports.sources import SplitFile
from posts.new_dump import NewDump
from posts.post import Post

TOLD = 5
"""How many broken lines, and how many pictures, are told one by one; all are counted."""


@dataclass(kw_only=True)
class Tally:
    """What became of the posts of a split."""

    split: str
    entries: int
    """How many posts there may be, for progress."""
    posts: int = 0
    """Written; all figures but `broken_lines` are of these."""
    with_picture: int = 0
    pictures_missing: int = 0
    """Named, but there is no such file; the post is written without."""
    pictures_broken: int = 0
    """Named, but not a picture that can be read, or its name was refused; likewise."""
    pictures_left: int = 0
    """Named, but no folder of pictures was given."""
    broken_lines: int = 0
    """Lines (in JSON: entries) that are no post."""
    notes: list[str] = field(default_factory=list)
    """Sentences on the first broken lines and pictures."""

    def figures(self) -> dict[str, int]:
        """All counts by name."""
        return {
            "posts": self.posts,
            "with_picture": self.with_picture,
            "pictures_missing": self.pictures_missing,
            "pictures_broken": self.pictures_broken,
            "pictures_left": self.pictures_left,
            "broken_lines": self.broken_lines,
        }

    def refuse(self, source: str, error: PostError) -> None:
        self.broken_lines += 1
        self._note(self.broken_lines, f"{source}: {error}")

    def take(self, post: Post, named: bool, error: PostError | None) -> None:
        """Counts a post that is written; `named`: the source names a picture for it."""
        self.posts += 1
        if post.image is not None:
            self.with_picture += 1
        elif error is None:
            self.pictures_left += named
        elif error.reason is Reason.PICTURE_MISSING:
            self.pictures_missing += 1
        else:
            self.pictures_broken += 1
        if error is not None:
            self._note(self.pictures_missing + self.pictures_broken, f"{post.source}: {error}")

    def _note(self, count: int, sentence: str) -> None:
        if count <= TOLD:
            self.notes.append(sentence)


def convert(
    splits: Sequence[SplitFile],
    out: str,
    pictures: PictureFolder | None,
    below: bool,
    on_progress: Callable[[Tally], None],
) -> list[Tally]:
    """Writes each split as a dump; `below`: in a folder of its own, named like it.

    Raises `InputError` if `out` is not empty or cannot be written. On any error nothing is left.
    """
    tallies = [
        Tally(split=each.split, entries=each.entries, notes=list(each.notes)) for each in splits
    ]
    folders = [split.split if below else "" for split in splits]
    with NewDump(out, folders) as dump:
        for split, folder, tally in zip(splits, folders, tallies, strict=True):
            good = _good(split, tally)
            dump.add(folder, _finished(good, pictures, tally, on_progress))
    return tallies


def _good(split: SplitFile, tally: Tally) -> Iterator[Post]:
    known: set[str] = set()
    for post in split.posts():
        if post.error is not None:
            tally.refuse(post.source, post.error)
        elif post.id in known:
            again = PostError(Reason.DUPLICATE_ID, f"an earlier post has the id {post.id[:80]!r}")
            tally.refuse(post.source, again)
        else:
            known.add(post.id)
            yield post


def _finished(
    posts: Iterator[Post],
    pictures: PictureFolder | None,
    tally: Tally,
    on_progress: Callable[[Tally], None],
) -> Iterator[Post]:
    for post, named, error in _with_pictures(posts, pictures):
        tally.take(post, named, error)
        on_progress(tally)
        yield post


def _with_pictures(
    posts: Iterator[Post], pictures: PictureFolder | None
) -> Iterator[tuple[Post, bool, PostError | None]]:
    """Each post as it is written, whether the source names a picture, and what is wrong with it."""
    if pictures is None:
        for post in posts:
            yield replace(post, image_uri=None), post.image_uri is not None, None
    else:
        for post, error in pictures.attach(posts):
            yield post, post.image is not None or error is not None, error
