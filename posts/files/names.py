"""Names of files below a root, and the check that they stay below it."""

from __future__ import annotations

from posts.errors import InputError

LONGEST_NAME = 1024
"""Bytes; the longest key S3 knows."""


class OutsideError(InputError):
    """A name that would leave the root, or that no file could have."""


def check_name(name: str) -> str:
    """The name itself; raises `OutsideError` unless it is a plain path below the root.

    Backslashes are refused because other systems read them as separators.
    """
    parts = name.split("/")
    if not name or name.startswith("/") or "\\" in name or "\0" in name:
        raise OutsideError(f"{shown(name)} is not a relative path")
    if ".." in parts:
        raise OutsideError(f"{shown(name)} leaves the folder")
    if "" in parts or "." in parts:
        raise OutsideError(f"{shown(name)} is not a plain path")
    if len(name.encode("utf-8", "replace")) > LONGEST_NAME:
        raise OutsideError(f"{shown(name)} is longer than {LONGEST_NAME} bytes")
    return name


def shown(name: str, longest: int = 80) -> str:
    """The name quoted for a message, cut if it is long."""
    return repr(name if len(name) <= longest else name[: longest - 1] + "…")
