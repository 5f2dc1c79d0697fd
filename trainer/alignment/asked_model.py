"""A published model as it is when it is asked, for what it makes of posts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from torch import Tensor

from model_store.alignment.features import usual_text_layer
from model_store.base import Base
from model_store.card import Card
from model_store.keyphraser import load_for_asking
from model_store.prompt import Prompt
from trainer.alignment.feature_cache import cached_features
from trainer.alignment.feature_table import FeatureTable, features_of_texts
from trainer.training_set import Example, TrainingSet


class AskedModel:
    """Its weights are those that answer, in the precision in which they do."""

    layer: int
    """Of the language model, that texts' features are usually taken of."""

    def __init__(self, base: Base, card: Card) -> None:
        longest = card.generation.max_text_tokens
        self.layer = usual_text_layer(base.model, base.family)
        self._base = base
        self._card = card
        self._prompt = Prompt(base.processor, base.family, max_text_tokens=longest)

    @classmethod
    def load(cls, bundle: Path, device: str) -> Self:
        asked = load_for_asking(bundle, device)
        base = Base(
            model=asked.model,
            processor=asked.processor,
            family=asked.family,
            identity=asked.card.base,
        )
        return cls(base, asked.card)

    def features(
        self, examples: TrainingSet | Sequence[Example], layer: int | None = None
    ) -> FeatureTable:
        """Of those that have a picture and a text; computed once for the same posts."""
        layer = self.layer if layer is None else layer
        return cached_features(self._base, self._card, self._prompt, examples, layer)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Features of texts by themselves, none of them blank."""
        return features_of_texts(self._base, self._prompt, texts, self.layer)
