"""Embed: vectors of posts from a model that has them, and which pictures do not fit their text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeGuard

from PIL import Image

from model_store.alignment.embedding import Embedding
from model_store.asked_post import AskedPost
from posts.errors import InputError

NO_VECTORS: dict[str, Any] = {
    "text_vector": None,
    "picture_vector": None,
    "alignment": None,
    "picture_dropped": False,
}
"""Columns of a post that a model without vectors was asked about."""


class EmbedsPosts(Protocol):
    """What is asked of a `model_store.keyphraser.Keyphraser` that has vectors."""

    def embed(self, posts: Sequence[AskedPost]) -> list[Embedding]: ...


def embed(
    model: EmbedsPosts,
    texts: Sequence[str],
    pictures: Sequence[Image.Image | None],
    picture_gate: float | None,
) -> list[dict[str, Any]]:
    """Columns of `FINISHED` for each post; pictures below the gate are to be dropped."""
    posts = [AskedPost(text, picture) for text, picture in zip(texts, pictures, strict=True)]
    return [_columns(one, picture_gate) for one in model.embed(posts)]


def check_gate(picture_gate: float | None, model: str, *, vectors: bool) -> None:
    """`InputError` if there is a gate, and a model without vectors that cannot tell for it."""
    if picture_gate is not None and not vectors:
        raise InputError(
            f"--picture-gate needs to know whether a picture fits its text, which {model} cannot "
            "tell: it has no vectors; take a model that has them, or leave the gate out"
        )


def has_vectors(model: object) -> TypeGuard[EmbedsPosts]:
    return bool(getattr(model, "has_alignment", False))


def _columns(one: Embedding, gate: float | None) -> dict[str, Any]:
    return {
        "text_vector": None if one.text is None else one.text.tolist(),
        "picture_vector": None if one.picture is None else one.picture.tolist(),
        "alignment": one.alignment,
        "picture_dropped": (
            gate is not None and one.alignment is not None and one.alignment < gate
        ),
    }
