"""The mark of a dump that is still being written, which nobody may read."""

from __future__ import annotations

from posts.errors import InputError

UNFINISHED = "_unfinished"
"""Name of a file that lies in a dump as long as it is being written."""


def is_mark(name: str) -> bool:
    """Whether the file of that name says that the folder it lies in is not finished."""
    return name.rpartition("/")[2] == UNFINISHED


def unfinished(place: str) -> InputError:
    """The error of who reads a dump that bears the mark, or writes where one lies."""
    return InputError(
        f"{place} holds a dump that is not finished; wait for the import that writes it, or, if "
        "that was killed, remove what is there and import once more"
    )
