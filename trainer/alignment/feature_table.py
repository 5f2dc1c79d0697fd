"""The features of posts, computed once: heads alone are then trained in seconds.

table = FeatureTable.of(base, prompt, examples, layer)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from model_store.alignment.features import forward_precision, picture_features, text_features
from model_store.base import Base
from model_store.families import EncodedPicture
from model_store.picture import tame
from model_store.prompt import Prompt
from posts.pictures import decode_picture
from trainer.training_set import Example, TrainingSet
from trainer.vision_cache import VisionCache

_TEXTS_AT_A_TIME = 16


@dataclass(frozen=True, kw_only=True)
class FeatureTable:
    """A row for each of N posts that have a picture and a text."""

    rows: Tensor
    """Which of the examples they are, int64 (N,)."""
    pictures: Tensor
    """(N, picture width)"""
    texts: Tensor
    """The post's own text, (N, text width)."""

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    @torch.no_grad()
    def of(
        cls,
        base: Base,
        prompt: Prompt,
        examples: TrainingSet | Sequence[Example],
        layer: int,
        vision: VisionCache | None = None,
    ) -> Self:
        """Texts go through `layer` layers of the language model; posts that lack a part, or whose
        text is blank, are passed over. `vision` has the same examples' pictures after the tower.

        Only features stay in memory, some kilobytes a post.
        """
        training = base.model.training
        base.model.eval()
        try:
            with forward_precision(base.model):
                return cls._of(base, prompt, examples, layer, vision)
        finally:
            base.model.train(training)

    @classmethod
    def _of(
        cls,
        base: Base,
        prompt: Prompt,
        examples: TrainingSet | Sequence[Example],
        layer: int,
        vision: VisionCache | None,
    ) -> Self:
        tokens, pictures = {}, []
        for row in range(len(examples)):
            example = examples[row]
            of_text = prompt.text_tokens(example.text)
            if example.image is not None and of_text:
                tokens[row] = of_text
                encoded = None if vision is None else vision[row]
                states = _states(base, prompt, example.image, encoded)
                pictures.append(picture_features(base.model, base.family, states).cpu())
        texts = dict(_texts(base, list(tokens.items()), layer))
        return cls(
            rows=torch.tensor(list(tokens), dtype=torch.int64),
            pictures=_stack(pictures),
            texts=_stack([texts[row] for row in tokens]),
        )

    @classmethod
    def cat(cls, tables: Sequence[Self]) -> Self:
        """All rows of some tables, one table after the other."""
        return cls(
            rows=torch.cat([one.rows for one in tables]),
            pictures=torch.cat([one.pictures for one in tables]),
            texts=torch.cat([one.texts for one in tables]),
        )

    def take(self, which: Tensor) -> FeatureTable:
        """Some of the posts, int64 (M,); one may come more than once."""
        return FeatureTable(
            rows=self.rows[which], pictures=self.pictures[which], texts=self.texts[which]
        )


@torch.no_grad()
def features_of_texts(base: Base, prompt: Prompt, texts: Sequence[str], layer: int) -> Tensor:
    """Of texts by themselves, none of them blank, (N, text width), as a table has them."""
    training = base.model.training
    base.model.eval()
    try:
        with forward_precision(base.model):
            tokens = [(row, prompt.text_tokens(text)) for row, text in enumerate(texts)]
            found = dict(_texts(base, tokens, layer))
            return _stack([found[row] for row in range(len(texts))])
    finally:
        base.model.train(training)


def _texts(
    base: Base, texts: list[tuple[int, list[int]]], layer: int
) -> Iterator[tuple[int, Tensor]]:
    texts = sorted(texts, key=lambda one: len(one[1]))
    for start in range(0, len(texts), _TEXTS_AT_A_TIME):
        some = texts[start : start + _TEXTS_AT_A_TIME]
        found = text_features(
            base.model, base.family, base.processor.tokenizer, [one for _, one in some], layer
        )
        yield from zip([row for row, _ in some], found.cpu(), strict=True)


def _states(base: Base, prompt: Prompt, image: bytes, encoded: EncodedPicture | None) -> Tensor:
    if encoded is None:
        picture = tame(decode_picture(image, size=prompt.picture_size))
        return base.family.encode_picture(base.model, base.processor, picture).states
    return encoded.states.to(base.model.device, base.model.dtype)


def _stack(rows: list[Tensor]) -> Tensor:
    return torch.stack(rows) if rows else torch.zeros(0, 0)
