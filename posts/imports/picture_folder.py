"""The folder with the pictures of a data set, and posts that get theirs out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

from posts.errors import InputError, PostError
from posts.files.local import LocalFiles
from posts.picture_files import PictureFiles
from posts.pictures import DEFAULT_LIMITS, check_picture
from posts.post import Post

_THREADS = 4
_AT_A_TIME = 32
"""Posts whose pictures are in memory at the same time before they go on."""
_WEB = re.compile(r"https?://", re.IGNORECASE)


def picture_name(named: str) -> str:
    """Name of the file of a picture in its folder, from its address or its name."""
    if not _WEB.match(named):
        return named
    return re.split(r"[?#]", named, maxsplit=1)[0].rpartition("/")[2]


class PictureFolder:
    """A local folder with pictures; nothing outside it is ever opened.

    Raises `InputError` if there is no such folder.
    """

    def __init__(self, path: str | Path) -> None:
        if not Path(path).is_dir():
            raise InputError(f"there is no folder {path}; give the local folder with the pictures")
        self._pictures = PictureFiles(LocalFiles(path), {}, DEFAULT_LIMITS)

    def attach(self, posts: Iterable[Post]) -> Iterator[tuple[Post, PostError | None]]:
        """Each post with the picture that its `image_uri` names, and why if that was not to be had.

        Such a post keeps all else. Order stays.
        """
        waiting = iter(posts)
        with ThreadPoolExecutor(_THREADS) as threads:
            while some := list(islice(waiting, _AT_A_TIME)):
                yield from threads.map(self._attached, some)

    def _attached(self, post: Post) -> tuple[Post, PostError | None]:
        if post.image_uri is None:
            return post, None
        bare = replace(post, image_uri=None)
        try:
            data = self._pictures.fetch(post.image_uri)
            check_picture(data)
        except PostError as error:
            return bare, error
        return replace(bare, image=data), None
