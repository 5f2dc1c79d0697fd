"""Records as dumps carry them, turned into posts: the same rules for every format."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from posts.errors import PostError, Reason
from posts.post import Post

LONGEST_TEXT = 16_000_000
"""Characters of a text, and bytes of a JSON record."""
LONGEST_ID = 512
"""Bytes; the longest id Elasticsearch takes."""
LONGEST_DETAIL = 200
MOST_PICTURES = 64
"""Of a post."""
DEEPEST_EXTRA = 32

_FIELDS = {
    *("id", "text", "image", "image_uri", "images", "image_uris", "created_at", "keyphrases"),
}


def parse_record(record: object, source: str) -> Post:
    """Post of a record read at `source`; whatever is wrong with it becomes its `error`."""
    try:
        if not isinstance(record, Mapping):
            raise broken(f"a post is an object, not {_kind(record)}")
        post_id = parse_id(record)
    except PostError as error:
        return Post(id="", source=source, error=error)
    try:
        return _parse_fields(record, post_id, source)
    except PostError as error:
        return Post(id=post_id, source=source, error=error)


def parse_id(record: Mapping[str, Any]) -> str:
    """The id of a record; raises `PostError` MISSING_ID or BROKEN_RECORD."""
    value = record.get("id")
    if value is None:
        raise PostError(Reason.MISSING_ID, "the record has no id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise broken(f"id must be a string or an integer, not {_kind(value)}")
    post_id = clean_text(value)
    if not post_id.strip():
        raise PostError(Reason.MISSING_ID, "the id is empty")
    if len(post_id.encode()) > LONGEST_ID:
        raise broken(f"the id is longer than {LONGEST_ID} bytes")
    return post_id


def known_id(record: object) -> str:
    """The id of a record, or an empty string where `parse_record` would find none."""
    try:
        return parse_id(record) if isinstance(record, Mapping) else ""
    except PostError:
        return ""


def broken(detail: str) -> PostError:
    """The error of a record that cannot be read, with a detail of bounded length."""
    return PostError(Reason.BROKEN_RECORD, clean_text(detail)[:LONGEST_DETAIL])


def too_many_pictures(count: int) -> PostError:
    """The error of a post with so many pictures."""
    return PostError(Reason.TOO_MANY_PICTURES, f"{count:,} pictures, more than {MOST_PICTURES}")


def clean_text(text: str) -> str:
    """Valid Unicode without NUL: surrogate pairs joined, lone surrogates replaced."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "")


def _parse_fields(record: Mapping[str, Any], post_id: str, source: str) -> Post:
    text = _string(record, "text")
    image, path = _image(record.get("image"))
    image_uri = _string(record, "image_uri") or path or None
    listed = [one for one in dict.fromkeys(_listed(record)) if one not in (image, image_uri)]
    if image is None and image_uri is None and listed:
        first = listed.pop(0)
        image, image_uri = (first, None) if isinstance(first, bytes) else (None, first)
    post = Post(
        id=post_id,
        text=text,
        image=image,
        image_uri=image_uri,
        images=tuple(listed),
        created_at=_moment(record.get("created_at")),
        keyphrases=_keyphrases(record.get("keyphrases")),
        extra=_extra(record),
        source=source,
    )
    if not text.strip() and not post.has_picture:
        return replace(post, error=PostError(Reason.EMPTY_POST, "neither text nor picture"))
    if len(post.pictures) > MOST_PICTURES:
        return replace(post, images=(), error=too_many_pictures(len(post.pictures)))
    return post


def _string(record: Mapping[str, Any], field: str) -> str:
    value = record.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise broken(f"{field} must be a string, not {_kind(value)}")
    if len(value) > LONGEST_TEXT:
        raise broken(f"{field} is longer than {LONGEST_TEXT:,} characters")
    return clean_text(value)


def _image(value: object) -> tuple[bytes | None, str]:
    """The picture's bytes and path; the struct of `bytes` and `path` is that of HF datasets."""
    if isinstance(value, Mapping) and value.keys() <= {"bytes", "path"}:
        data, path = value.get("bytes"), value.get("path")
        if isinstance(data, bytes | None) and isinstance(path, str | None):
            return data, clean_text(path or "") if data is None else ""
    if isinstance(value, bytes | None):
        return value, ""
    raise broken(
        f"image must be bytes, in Parquet or a tar, not {_kind(value)}; "
        "name a file beside the dump in image_uri"
    )


def _listed(record: Mapping[str, Any]) -> Iterator[bytes | str]:
    """Pictures of the two lists, those inside the dump's files first."""
    images, uris = record.get("images"), record.get("image_uris")
    if not isinstance(images, list | None):
        raise broken(f"images must be a list of pictures, not {_kind(images)}")
    for value in images or ():
        if isinstance(value, str):
            raise broken("images must hold bytes; name files beside the dump in image_uris")
        data, path = _image(value)
        if data is not None or path:
            yield path if data is None else data
    uris = [] if uris is None else uris
    if not isinstance(uris, list) or not all(isinstance(one, str | None) for one in uris):
        raise broken("image_uris must be a list of strings")
    yield from (clean_text(uri) for uri in uris if uri)


def _moment(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = _parse_moment(value)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        shown = repr(value)[:40]
        raise broken(
            f"created_at {shown} is neither an ISO 8601 date nor seconds since 1970"
        ) from None


def _parse_moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, str):
        return datetime.fromisoformat(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    raise ValueError("not a moment")


def _keyphrases(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(phrase, str) for phrase in value):
        raise broken("keyphrases must be a list of strings")
    phrases = (clean_text(phrase).strip() for phrase in value)
    return tuple(phrase for phrase in phrases if phrase)


def _extra(record: Mapping[str, Any]) -> dict[str, Any]:
    others = {clean_text(str(name)): value for name, value in record.items() if name not in _FIELDS}
    return {name: _json_value(v) for name, v in others.items() if not isinstance(v, bytes)}


def _json_value(value: object, depth: int = 1) -> Any:
    """The value as JSON can carry it; bytes inside it are dropped."""
    if depth > DEEPEST_EXTRA:
        raise broken(f"the record is nested deeper than {DEEPEST_EXTRA} levels")
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {
            clean_text(str(name)): _json_value(inner, depth + 1)
            for name, inner in value.items()
            if not isinstance(inner, bytes)
        }
    if isinstance(value, list | tuple):
        return [_json_value(inner, depth + 1) for inner in value if not isinstance(inner, bytes)]
    if isinstance(value, date | time):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else clean_text(str(value))


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    kinds: dict[type, str] = {
        str: "a string",
        int: "a number",
        float: "a number with a fraction",
        list: "a list",
        bytes: "bytes",
    }
    for kind, name in kinds.items():
        if isinstance(value, kind):
            return name
    return "an object" if isinstance(value, Mapping) else f"a {type(value).__name__}"
