"""Versions of many pictures on S3 at once, from listings, where those cost less than asking."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from posts.errors import InputError
from posts.files.s3 import S3Files

_WORTH_A_PAGE = 32
"""Files that one page of a listing must show to be worth it: AWS charges as much for a page as for
12 single requests, and those are sent 16 at a time."""


def listed_versions(files: S3Files, names: Iterable[str]) -> dict[str, str]:
    """Versions of those of the files that listings show, by name; ask for the others singly.

    Pictures of neighbouring posts mostly lie next to each other: pages are read from the first
    wanted name on, as long as they show enough of what is wanted.
    """
    wanted = sorted(set(names))
    found: dict[str, str] = {}
    start = 0
    while len(wanted) - start >= _WORTH_A_PAGE:
        try:
            # A listing begins after a name: nearly the wanted one, yet before it.
            page = files.list_page(wanted[start][:-1])
        except (InputError, OSError):
            # Who may read need not be allowed to list.
            break
        versions = {info.name: info.version for info in page}
        shown = {name: versions[name] for name in wanted[start:] if name in versions}
        found |= shown
        if len(shown) < _WORTH_A_PAGE:
            break
        start = bisect_right(wanted, max(shown))
    return found
