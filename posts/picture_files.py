"""Where pictures may lie that a post names by URI, and fetching them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from posts.errors import InputError, PostError, Reason
from posts.files import Files
from posts.files.names import OutsideError, check_name, shown
from posts.files.s3 import S3Files
from posts.picture_listing import listed_versions
from posts.pictures import PictureLimits, too_many_bytes

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


@dataclass(frozen=True)
class PictureFiles:
    """Resolves the `image_uri` of posts and reads what lies there.

    Allowed are paths relative to the dump that stay inside it, s3:// URIs inside the dump, and
    s3:// URIs in `buckets`. Nothing else is ever opened.
    """

    files: Files
    """The dump's own."""
    buckets: Mapping[str, S3Files]
    """Other buckets that pictures may be read from, by name."""
    limits: PictureLimits

    def fetch(self, uri: str) -> bytes:
        """The encoded picture; raises `PostError`."""
        files, name = self._resolve(uri)
        with _as_post_errors(uri):
            data = files.read(name, self.limits.bytes + 1)
        if len(data) > self.limits.bytes:
            raise too_many_bytes(self.limits)
        return data

    def version(self, uri: str) -> str:
        """The version a listing would show; raises `PostError`, as `fetch` would."""
        files, name = self._resolve(uri)
        with _as_post_errors(uri):
            info = files.info(name)
        if info is None:
            raise _missing(uri)
        return info.version

    def listed_versions(self, uris: Iterable[str]) -> dict[str, str]:
        """Versions that are cheaper from listings, by URI; the others are for `version`."""
        places: dict[str, tuple[S3Files, dict[str, str]]] = {}
        for uri in uris:
            with suppress(PostError):
                files, name = self._resolve(uri)
                if isinstance(files, S3Files):
                    places.setdefault(files.root, (files, {}))[1][uri] = name
        found: dict[str, str] = {}
        for files, names in places.values():
            versions = listed_versions(files, names.values())
            found |= {uri: versions[name] for uri, name in names.items() if name in versions}
        return found

    def _resolve(self, uri: str) -> tuple[Files, str]:
        scheme = _SCHEME.match(uri)
        if scheme is None:
            return self.files, _checked(uri.removeprefix("./"))
        if scheme[1].lower() != "s3" or not uri[scheme.end() :].startswith("//"):
            raise _refused(
                f"{shown(uri)}: {scheme[0]} addresses are not opened; "
                "name a file of the dump or s3:// in an allowed bucket"
            )
        return self._resolve_s3(uri)

    def _resolve_s3(self, uri: str) -> tuple[Files, str]:
        bucket, _, key = uri[len("s3://") :].partition("/")
        _checked(key)
        plain = f"s3://{bucket}/{key}"
        if plain.startswith(f"{self.files.root}/"):
            return self.files, plain[len(self.files.root) + 1 :]
        if bucket in self.buckets:
            return self.buckets[bucket], key
        raise _refused(
            f"{shown(uri)} is outside the dump; to allow its bucket, "
            "list it in KEYPHRASES_IMAGE_BUCKETS"
        )


@contextmanager
def _as_post_errors(uri: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise _missing(uri) from None
    except OutsideError as error:
        raise _refused(str(error)) from None
    except (OSError, InputError) as error:
        detail = f"{shown(uri)} cannot be read: {error}"[:200]
        raise PostError(Reason.PICTURE_UNAVAILABLE, detail, transient=True) from None


def _missing(uri: str) -> PostError:
    return PostError(Reason.PICTURE_MISSING, f"there is no file {shown(uri)}")


def _checked(name: str) -> str:
    try:
        return check_name(name)
    except OutsideError as error:
        raise _refused(str(error)) from None


def _refused(detail: str) -> PostError:
    return PostError(Reason.PICTURE_REFUSED, detail[:200])
