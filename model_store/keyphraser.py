"""The keyphraser: a model that is asked for keyphrases.

keyphraser = Keyphraser.load(folder)
keyphraser(["a red cat asleep"], [picture])    # [[Keyphrase("cat", 0.93), ...]]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import DynamicCache, PreTrainedModel, ProcessorMixin

from model_store.bundle import load_bundle
from model_store.card import Card
from model_store.families import Family, Inputs
from model_store.generation import GenerationSettings
from model_store.lora import merge_lora
from model_store.output import Beam, score_phrases
from model_store.prompt import Prompt
from posts.phrases import Keyphrase

_BY_TOKEN = ("input_ids", "attention_mask", "mm_token_type_ids")
"""Inputs with an entry for each token of the prompt."""


class Keyphraser:
    """Asks a model for keyphrases, in batches of posts of like length.

    In fp32 a post's keyphrases do not depend on the posts it is asked with.
    """

    card: Card
    """Of the bundle it was loaded from; a keyphraser over a bare model has none."""

    def __init__(
        self,
        model: PreTrainedModel,
        processor: ProcessorMixin,
        family: Family,
        settings: GenerationSettings,
    ) -> None:
        self._model = model
        self._family = family
        self._tokenizer = processor.tokenizer
        self._prompt = Prompt(processor, family, max_text_tokens=settings.max_text_tokens)
        self._settings = settings
        self._generation = settings.for_transformers(processor.tokenizer)

    @classmethod
    def load(cls, bundle: Path, *, device: str | None = None) -> Keyphraser:
        """From a bundle's folder; on a GPU where there is one, in bf16 there and fp32 elsewhere."""
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        on_gpu = device.startswith("cuda") and torch.cuda.is_bf16_supported()
        loaded = load_bundle(bundle, dtype=torch.bfloat16 if on_gpu else torch.float32)
        if on_gpu:
            # Not merged: rounded to bf16, most of what was learnt would vanish in the base.
            cast_parameters(loaded.model, torch.bfloat16)
        else:
            merge_lora(loaded.model)
        keyphraser = cls(
            loaded.model.to(device), loaded.processor, loaded.family, loaded.card.generation
        )
        keyphraser.card = loaded.card
        return keyphraser

    @property
    def digest(self) -> str:
        """Of the model and all settings that decide its answers."""
        return self.card.digest

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        """Keyphrases of each post, best first; an empty text or None is a part that is missing."""
        found: dict[int, list[Keyphrase]] = {}
        training = self._model.training
        self._model.eval()
        try:
            for rows in self._batches(texts, pictures):
                answers = self._ask([texts[i] for i in rows], [pictures[i] for i in rows])
                found.update(zip(rows, answers, strict=True))
        finally:
            self._model.train(training)
        return [found[row] for row in range(len(texts))]

    def _batches(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> Iterator[list[int]]:
        """Rows that share a batch: alike in length, and all or none with a picture."""
        for shown in (True, False):
            rows = [row for row, one in enumerate(pictures) if (one is not None) == shown]
            rows.sort(key=lambda row: len(texts[row]))
            size = self._settings.batch_size
            yield from (rows[start : start + size] for start in range(0, len(rows), size))

    @torch.inference_mode()
    def _ask(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        inputs = self._prompt.encode(texts, pictures).to(self._model.device).inputs
        # A bf16 model in training has fp32 parts: adapter and projector.
        mixed = self._model.dtype == torch.bfloat16
        with torch.autocast(self._model.device.type, torch.bfloat16, enabled=mixed):
            output = self._generate(inputs)
        written = self._tokenizer.batch_decode(
            output.sequences[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True
        )
        width = self._settings.beams
        # The one beam of a greedy search has no score: it has all the probability.
        scores = output.sequences_scores.tolist() if width > 1 else [0.0] * len(written)
        beams = [Beam(*one) for one in zip(written, scores, strict=True)]
        return [
            self._select(score_phrases(beams[start : start + width]))
            for start in range(0, len(beams), width)
        ]

    def _generate(self, inputs: Inputs) -> Any:
        """As `model.generate`, which would send every beam of a post through the prompt.

        Here the prompt is passed once for each post; its beams begin with the last token.
        """
        width, options = self._settings.beams, {"generation_config": self._generation}
        if width == 1 or not self._family.shares_prompt:
            return self._model.generate(**inputs, **options)
        past = DynamicCache(config=self._family.language_model(self._model).config)
        shown = {name: one for name, one in inputs.items() if name not in _BY_TOKEN}
        self._model.model(
            **shown,
            **{name: inputs[name][:, :-1] for name in _BY_TOKEN if name in inputs},
            position_ids=self._family.position_ids(self._model, inputs)[..., :-1],
            past_key_values=past,
        )
        past.batch_repeat_interleave(width)
        by_token = {name: inputs[name] for name in _BY_TOKEN if name in inputs}
        return self._model.generate(**by_token, **options, past_key_values=past)

    def _select(self, keyphrases: Sequence[Keyphrase]) -> list[Keyphrase]:
        good = [one for one in keyphrases if one.score >= self._settings.min_score]
        return good[: self._settings.max_keyphrases]


def cast_parameters(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Casts parameters alone: as buffers, rotary frequencies stay as exact as they were trained."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
