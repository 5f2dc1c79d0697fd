"""Identify: finds out what pictures a post has, with as little reading as can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from indexer.hashing import identity_of_bytes, identity_of_several, identity_of_version
from posts.dump import Dump
from posts.errors import PICTURE_REASONS, PostError
from posts.post import Post


@dataclass(frozen=True, slots=True)
class Identified:
    """A post and the identity of its pictures."""

    post: Post
    """With the error that looking for its pictures met."""
    picture: str | None
    """None for a post without a picture, and for one that was broken when it was read, unless it
    was a picture that was."""


def identify(dump: Dump, posts: Sequence[Post]) -> list[Identified]:
    """Pictures inside the dump's files by their bytes, others by the listing's version.

    One that cannot be found out for now is an error of its post, never another identity: a post
    that has not changed would be generated anew, and once more when its picture is back.
    """
    good = [post for post in posts if post.error is None]
    uris = dict.fromkeys(one for post in good for one in post.pictures if isinstance(one, str))
    asked = [Post(id="", image_uri=uri) for uri in uris]
    versions = dict(zip(uris, dump.picture_versions(asked) if asked else [], strict=True))
    return [_identified(post, versions) for post in posts]


def _identified(post: Post, versions: Mapping[str, str | PostError | None]) -> Identified:
    if post.error is not None and post.error.reason in PICTURE_REASONS:
        # Met by who read it out of an archive: what is good of the post is there.
        return Identified(post, f"unknown:{post.error}")
    if post.error is not None or not post.has_picture:
        return Identified(post, None)
    identities: list[str] = []
    errors: list[PostError] = []
    for picture in post.pictures:
        version = versions[picture] if isinstance(picture, str) else None
        if isinstance(version, PostError):
            errors.append(version)
        identities.append(_identity(picture, version))
    # What passes comes first: a post is not to lose a picture that is back tomorrow.
    errors.sort(key=lambda error: not error.transient)
    several = len(identities) > 1
    return Identified(
        replace(post, error=errors[0]) if errors else post,
        identity_of_several(identities) if several else identities[0],
    )


def _identity(picture: bytes | str, version: str | PostError | None) -> str:
    if isinstance(picture, bytes):
        return identity_of_bytes(picture)
    return (
        identity_of_version(picture, version) if isinstance(version, str) else f"unknown:{picture}"
    )
