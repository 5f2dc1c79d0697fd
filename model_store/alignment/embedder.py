"""The embedder: turns posts into vectors, in batches of texts of like length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from model_store.alignment.alignment import Alignment
from model_store.alignment.embedding import Embedding, Vector
from model_store.alignment.features import (
    forward_precision,
    picture_features,
    text_features,
)
from model_store.asked_post import AskedPost
from model_store.families import Family
from model_store.prompt import Prompt
from model_store.seen_pictures import SeenPictures


class Embedder:
    """Of one model. Texts go through it `batch_size` at a time, pictures one by one."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        family: Family,
        prompt: Prompt,
        seen: SeenPictures,
        alignment: Alignment,
        *,
        batch_size: int,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._family = family
        self._prompt = prompt
        self._seen = seen
        self._heads = alignment.heads.to(model.device).eval()
        self._calibration = alignment.calibration
        self._batch_size = batch_size

    @property
    def dimensions(self) -> int:
        """Of the vectors."""
        return self._heads.shape.dimensions

    def __call__(self, posts: Sequence[AskedPost]) -> list[Embedding]:
        """An embedding of each post; equal texts, and equal pictures, are embedded once."""
        texts = dict.fromkeys(post.text for post in posts)
        pictures = dict.fromkeys(
            AskedPost("", post.picture) for post in posts if post.picture is not None
        )
        of_text = dict(zip(texts, self.texts(list(texts)), strict=True))
        of_picture = {one: self.picture(one.picture) for one in pictures if one.picture is not None}
        return [
            self._embedding(of_text[post.text], of_picture.get(AskedPost("", post.picture)))
            for post in posts
        ]

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> list[Vector | None]:
        """A vector of each text; None for one that is empty."""
        tokens = [self._prompt.text_tokens(text) for text in texts]
        rows = sorted(
            (row for row, of_text in enumerate(tokens) if of_text), key=lambda row: len(tokens[row])
        )
        found: list[Vector | None] = [None] * len(texts)
        for start in range(0, len(rows), self._batch_size):
            batch = rows[start : start + self._batch_size]
            with forward_precision(self._model):
                features = text_features(
                    self._model,
                    self._family,
                    self._tokenizer,
                    [tokens[row] for row in batch],
                    self._heads.shape.text_layer,
                )
            for row, vector in zip(batch, _vectors(self._heads.texts(features)), strict=True):
                found[row] = vector
        return found

    @torch.inference_mode()
    def picture(self, picture: Image.Image, *, remember: bool = True) -> Vector:
        """The vector of a picture; `remember` it for whoever is asked about it next."""
        with forward_precision(self._model):
            states = self._seen.look(picture, remember=remember).states
            features = picture_features(self._model, self._family, states)
        return _vectors(self._heads.pictures(features.unsqueeze(0)))[0]

    def pairs(self, pictures: Sequence[Image.Image], texts: Sequence[str]) -> NDArray[np.float64]:
        """Probabilities of all pairs, (pictures, texts); 0 for a text that is empty."""
        of_text = self.texts(texts)
        of_picture = [self.picture(picture) for picture in pictures]
        return np.array(
            [
                [
                    0.0 if text is None else self._calibration.probability(float(text @ picture))
                    for text in of_text
                ]
                for picture in of_picture
            ]
        ).reshape(len(pictures), len(texts))

    def _embedding(self, text: Vector | None, picture: Vector | None) -> Embedding:
        if text is None or picture is None:
            return Embedding(text, picture, None)
        return Embedding(text, picture, self._calibration.probability(float(text @ picture)))


def _vectors(rows: Tensor) -> list[Vector]:
    return list(rows.float().cpu().numpy())
