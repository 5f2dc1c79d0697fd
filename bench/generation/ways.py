"""Ways to ask a model for keyphrases: ours, and what people write with transformers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, ProcessorMixin

from bench.generation.sample import Sample
from model_store.families import Family
from model_store.generation import GenerationSettings
from model_store.keyphraser import Keyphraser
from model_store.output import Beam, score_phrases
from model_store.prompt import QUESTION
from posts.phrases import Keyphrase
from tests.generate import generation_config

Phrases = list[list[str]]
"""Of each post, best first."""
Way = Callable[[Sample], Phrases]


class Ways:
    """One model, and the ways to ask it."""

    def __init__(
        self,
        model: PreTrainedModel,
        processor: ProcessorMixin,
        family: Family,
        settings: GenerationSettings,
    ) -> None:
        self._model = model.eval()
        self._processor = processor
        self._settings = settings
        self._keyphraser = Keyphraser(model, processor, family, settings)

    def all(self) -> dict[str, Way]:
        """By the names that they have in the result."""
        return {
            "one_by_one": self.one_by_one,
            "naive_batch": self.naive_batch,
            "ours": self.ours,
        }

    def ours(self, posts: Sample) -> Phrases:
        """As the generate stage does."""
        return phrases_of(self._keyphraser(posts.texts, posts.pictures))

    def one_by_one(self, posts: Sample) -> Phrases:
        """Post by post."""
        return self._in_batches(posts, 1)

    def naive_batch(self, posts: Sample) -> Phrases:
        """In batches of our size, in the order of the dump."""
        return self._in_batches(posts, self._settings.batch_size)

    def _in_batches(self, posts: Sample, size: int) -> Phrases:
        answers = [self._generate(self.inputs(batch)) for batch in posts.batches(size)]
        return [phrases for answer in answers for phrases in answer]

    def inputs(self, posts: Sample) -> dict[str, Tensor]:
        """What the processor of transformers makes of posts."""
        return dict(
            self._processor(
                text=[self._asked(text) for text in posts.texts],
                images=posts.pictures,
                padding=True,
                return_tensors="pt",
            )
        )

    def _asked(self, text: str) -> str:
        question = f"{text}\n{QUESTION}"
        if not getattr(self._processor, "chat_template", None):
            return f"{self._processor.image_token}{question}\n"
        content = [{"type": "image"}, {"type": "text", "text": question}]
        asked: str = self._processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True
        )
        return asked

    @torch.inference_mode()
    def _generate(self, inputs: Mapping[str, Tensor]) -> Phrases:
        settings, tokenizer = self._settings, self._processor.tokenizer
        device = self._model.device
        config = generation_config(
            tokenizer.eos_token_id,
            beams=settings.beams,
            longest=settings.max_new_tokens,
            num_return_sequences=settings.beams,
        )
        # As the Keyphraser does: adapter and projector of a bf16 model may be exact.
        mixed = self._model.dtype == torch.bfloat16
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
            found = self._model.generate(
                **{name: tensor.to(device) for name, tensor in inputs.items()},
                generation_config=config,
            )
        written = found.sequences[:, inputs["input_ids"].shape[1] :]
        texts = tokenizer.batch_decode(written, skip_special_tokens=True)
        beams = [*map(Beam, texts, found.sequences_scores.tolist())]
        return phrases_of(self._selected(beams))

    def _selected(self, beams: Sequence[Beam]) -> Iterator[list[Keyphrase]]:
        count, settings = self._settings.beams, self._settings
        for start in range(0, len(beams), count):
            found = score_phrases(beams[start : start + count])
            good = [one for one in found if one.score >= settings.min_score]
            yield good[: settings.max_keyphrases]


def phrases_of(answers: Any) -> Phrases:
    """Without their scores."""
    return [[one.phrase for one in answer] for answer in answers]
