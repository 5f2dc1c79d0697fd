"""Examples: posts as a step takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from model_store.prompt import Batch, Prompt
from posts.pictures import decode_picture
from trainer.training_set import Example


class Examples(NamedTuple):
    """Some posts, ready to be learnt from."""

    ids: tuple[str, ...]
    batch: Batch
    """A row for each."""


def encode_examples(prompt: Prompt, examples: Sequence[Example]) -> Examples:
    """Decodes the pictures and turns everything into tensors."""
    batch = prompt.encode_training(
        [example.text for example in examples],
        [None if e.image is None else decode_picture(e.image) for e in examples],
        [example.keyphrases for example in examples],
    )
    return Examples(tuple(example.id for example in examples), batch)
