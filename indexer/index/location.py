"""The location of an index, as people write it: which engine, and where."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from indexer.index.embedded.index import EmbeddedIndex
from indexer.index.protocol import Index
from posts.errors import InputError

_EMBEDDED = "embedded:"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,199}")
_RESERVED = re.compile(r".*-dead|.*-\d{6,}|keyphrases-locks")
"""Names that versions, dead letters and locks have."""


def open_index(location: str) -> Index:
    """The index at `embedded:PATH` or `http(s)://host:port/NAME`, untouched until it is used.

    `InputError` if the location is neither, or carries a secret.
    """
    if location.startswith(_EMBEDDED):
        path = location.removeprefix(_EMBEDDED)
        if not path:
            raise InputError("the index location embedded: lacks a folder; write embedded:PATH")
        return EmbeddedIndex(location, Path(path).expanduser().resolve())
    try:
        url = urlsplit(location)
        port = url.port
    except ValueError as error:
        raise InputError("the index location is not a valid URL; see its port") from error
    if url.scheme not in ("http", "https"):
        raise InputError(
            f"{_shown(location)} is not the location of an index; "
            "write embedded:PATH or http(s)://host:port/NAME"
        )
    if url.username is not None or url.password is not None:
        raise InputError(
            "the index location must not carry a password; set ELASTICSEARCH_USERNAME and "
            "ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY, in the environment"
        )
    if not url.hostname or port is None or url.query or url.fragment:
        raise InputError(f"{_shown(location)} is no http(s)://host:port/NAME of an index")
    # Imported late: its client takes a while to load, which embedded searches need not wait for.
    from indexer.index.elastic.index import ElasticIndex

    return ElasticIndex(location, f"{url.scheme}://{url.netloc}", _name(url))


def _shown(location: str) -> str:
    """Not where somebody may have put a password."""
    return "what --index says" if {"@", "?"} & set(location) else repr(location)


def _name(url: SplitResult) -> str:
    name = url.path.strip("/")
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of an index: write lower-case letters, digits, "
            "'-', '_' and '.', not ending in -dead or in a version number"
        )
    return name
