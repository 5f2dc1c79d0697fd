"""Identify: finds out what picture a post has, with as little reading as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.hashing import identity_of_bytes, identity_of_version
from posts.dump import Dump
from posts.errors import PostError
from posts.post import Post


@dataclass(frozen=True, slots=True)
class Identified:
    """A post and the identity of its picture."""

    post: Post
    """With the error that looking for its picture met."""
    picture: str | None
    """None for a post without a picture, and for one that was broken when it was read."""


def identify(dump: Dump, posts: Sequence[Post]) -> list[Identified]:
    """Pictures inside the dump's files by their bytes, others by the listing's version.

    One that cannot be found out for now is an error of its post, never another identity: a post
    that has not changed would be generated anew, and once more when its picture is back.
    """
    found = [Identified(post, _at_hand(post)) for post in posts]
    listed = [row for row, post in enumerate(posts) if _is_elsewhere(post)]
    versions = dump.picture_versions([posts[row] for row in listed]) if listed else []
    for row, version in zip(listed, versions, strict=True):
        post, uri = posts[row], posts[row].image_uri or ""
        if isinstance(version, PostError):
            found[row] = Identified(replace(post, error=version), f"unknown:{uri}")
        elif version is not None:
            found[row] = Identified(post, identity_of_version(uri, version))
    return found


def _at_hand(post: Post) -> str | None:
    if post.error is not None or post.image is None:
        return None
    return identity_of_bytes(post.image)


def _is_elsewhere(post: Post) -> bool:
    return post.error is None and post.image is None and post.image_uri is not None
