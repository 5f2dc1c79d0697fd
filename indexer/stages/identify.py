"""Identify: finds out what picture a post has, with as little reading as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.hashing import identity_of_bytes, identity_of_version
from posts.dump import Dump
from posts.post import Post


@dataclass(frozen=True, slots=True)
class Identified:
    """A post and the identity of its picture."""

    post: Post
    """With its picture's bytes, if they had to be fetched, or the error that fetching met."""
    picture: str | None
    """None for a post without a picture, and for one that was broken when it was read."""


def identify(dump: Dump, posts: Sequence[Post]) -> list[Identified]:
    """Pictures inside the dump's files by their bytes, others by the listing's version.

    Only a picture that no listing shows is fetched.
    """
    found = [Identified(post, _at_hand(post)) for post in posts]
    listed = [row for row, post in enumerate(posts) if _is_elsewhere(post)]
    versions = dump.picture_versions([posts[row] for row in listed]) if listed else []
    unlisted = []
    for row, version in zip(listed, versions, strict=True):
        if version is None:
            unlisted.append(row)
        else:
            identity = identity_of_version(posts[row].image_uri or "", version)
            found[row] = Identified(posts[row], identity)
    fetched = dump.pictures([posts[row] for row in unlisted]) if unlisted else []
    for row, picture in zip(unlisted, fetched, strict=True):
        if isinstance(picture, bytes):
            post = replace(posts[row], image=picture)
            found[row] = Identified(post, identity_of_bytes(picture))
        else:
            post = replace(posts[row], error=picture)
            found[row] = Identified(post, f"unknown:{post.image_uri}")
    return found


def _at_hand(post: Post) -> str | None:
    if post.error is not None or post.image is None:
        return None
    return identity_of_bytes(post.image)


def _is_elsewhere(post: Post) -> bool:
    return post.error is None and post.image is None and post.image_uri is not None
