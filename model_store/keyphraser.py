"""The keyphraser: a model that is asked for keyphrases.

keyphraser = Keyphraser.load(folder)
keyphraser(["a red cat asleep"], [picture])    # [[Keyphrase("cat", 0.93), ...]]
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedModel, ProcessorMixin

from model_store.beam_search import PromptSteps, beam_search
from model_store.bundle import load_bundle
from model_store.card import Card
from model_store.families import Family
from model_store.generation import INT8, GenerationSettings
from model_store.heap import give_back_memory
from model_store.lora import merge_lora
from model_store.output import Beam, score_phrases
from model_store.prompt import Prompt
from model_store.quantization import native_precision, quantize
from model_store.seal import read_card
from posts.files.local import LocalFiles
from posts.phrases import Keyphrase

_log = logging.getLogger(__name__)


class Keyphraser:
    """Asks a model for keyphrases, in batches of posts of like length.

    Computing in fp32, a post's keyphrases do not depend on the posts it is asked with.
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
        self._largest_batch = settings.batch_size

    @classmethod
    def load(cls, bundle: Path, *, device: str | None = None) -> Keyphraser:
        """From a bundle's folder; on a GPU where there is one, in bf16 there and fp32 elsewhere.

        A model whose card asks for int8 weights multiplies with them as `quantization` says.
        """
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        quantized = read_card(LocalFiles(bundle)).generation.quantization == INT8
        on_gpu = device.startswith("cuda") and torch.cuda.is_bf16_supported()
        if quantized:
            loaded = load_bundle(bundle, dtype=None)
            quantize(loaded.model, loaded.family, native_precision(device))
        elif on_gpu:
            loaded = load_bundle(bundle, dtype=torch.bfloat16)
            # Not merged: rounded to bf16, most of what was learnt would vanish in the base.
            cast_parameters(loaded.model, torch.bfloat16)
        else:
            loaded = load_bundle(bundle)
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
                answers = self._ask_within_memory(
                    [texts[i] for i in rows], [pictures[i] for i in rows]
                )
                found.update(zip(rows, answers, strict=True))
                give_back_memory()
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
            start = 0
            while start < len(rows):
                size = self._largest_batch
                yield rows[start : start + size]
                start += size

    def _ask_within_memory(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        """In one batch or, if memory is too short for that, in halves, as all that follow."""
        try:
            return self._ask(texts, pictures)
        except RuntimeError as error:
            if len(texts) == 1 or not _is_out_of_memory(error):
                raise
            _log.warning("too little memory for a batch of %d posts (%s)", len(texts), error)
        # Only now, for the error holds on to what the batch has taken.
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        middle = len(texts) // 2
        self._largest_batch = max(1, min(self._largest_batch, middle))
        return [
            *self._ask_within_memory(texts[:middle], pictures[:middle]),
            *self._ask_within_memory(texts[middle:], pictures[middle:]),
        ]

    @torch.inference_mode()
    def _ask(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        inputs = self._prompt.encode(texts, pictures).to(self._model.device).inputs
        width, longest = self._settings.beams, self._settings.max_new_tokens
        # A bf16 model in training has fp32 parts: adapter and projector.
        mixed = self._model.dtype == torch.bfloat16
        with torch.autocast(self._model.device.type, torch.bfloat16, enabled=mixed):
            steps = PromptSteps(self._model, self._family, inputs, beams=width, longest=longest)
            found = beam_search(
                steps, beams=width, longest=longest, end=self._tokenizer.eos_token_id
            )
        return [
            self._select(score_phrases(map(Beam, self._write(tokens), scores)))
            for tokens, scores in zip(found.tokens, found.log_probabilities.tolist(), strict=True)
        ]

    def _write(self, tokens: Tensor) -> list[str]:
        return self._tokenizer.batch_decode(tokens, skip_special_tokens=True)

    def _select(self, keyphrases: Sequence[Keyphrase]) -> list[Keyphrase]:
        good = [one for one in keyphrases if one.score >= self._settings.min_score]
        return good[: self._settings.max_keyphrases]


def _is_out_of_memory(error: RuntimeError) -> bool:
    """On a GPU, or on a CPU, where torch has no class of its own for that."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def cast_parameters(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Casts parameters alone: as buffers, rotary frequencies stay as exact as they were trained."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
