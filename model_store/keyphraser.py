"""The keyphraser: a model that is asked for keyphrases.

keyphraser = Keyphraser.load(folder)
keyphraser(["a red cat asleep"], [picture])    # [[Keyphrase("cat", 0.93), ...]]
keyphraser.embed([AskedPost("a red cat asleep", picture)])    # [Embedding(text, picture, 0.87)]
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import PreTrainedModel, ProcessorMixin

from model_store.alignment.alignment import Alignment
from model_store.alignment.embedder import Embedder
from model_store.alignment.embedding import Embedding, Vector
from model_store.asked_post import AskedPost
from model_store.beam_search import PromptSteps, beam_search
from model_store.bundle import Bundle, load_bundle
from model_store.card import Card
from model_store.documents.reader import Room
from model_store.families import Family
from model_store.generation import INT8, GenerationSettings
from model_store.heap import give_back_memory, is_out_of_memory
from model_store.lora import merge_lora
from model_store.output import Beam, score_phrases
from model_store.prompt import Batch, Prompt
from model_store.quantization import native_precision, quantize
from model_store.seal import read_card
from model_store.seen_pictures import SeenPictures
from posts.errors import InputError
from posts.files.local import LocalFiles
from posts.phrases import Keyphrase
from posts.picture_size import PictureSize

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
        alignment: Alignment | None = None,
    ) -> None:
        """Without `alignment` it has no vectors."""
        self._model = model
        self._family = family
        self._tokenizer = processor.tokenizer
        self._prompt = Prompt(processor, family, max_text_tokens=settings.max_text_tokens)
        self._settings = settings
        self._largest_batch = settings.batch_size
        self._seen = SeenPictures(model, processor, family)
        self._embedder = None
        if alignment is not None:
            self._embedder = Embedder(
                *(model, processor.tokenizer, family, self._prompt, self._seen, alignment),
                batch_size=settings.batch_size,
            )

    @classmethod
    def load(
        cls, bundle: Path, *, device: str | None = None, min_score: float | None = None
    ) -> Keyphraser:
        """From a bundle's folder; on a GPU where there is one, in bf16 there and fp32 elsewhere.

        `min_score` takes the place of the card's.
        A model whose card asks for int8 weights multiplies with them as `quantization` says.
        """
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        loaded = load_for_asking(bundle, device)
        settings = loaded.card.generation
        if min_score is not None:
            settings = replace(settings, min_score=min_score)
        keyphraser = cls(
            *(loaded.model, loaded.processor, loaded.family),
            settings,
            loaded.alignment,
        )
        keyphraser.card = loaded.card
        return keyphraser

    @property
    def picture_size(self) -> PictureSize:
        """In which it wants pictures; larger ones only cost time and memory."""
        return self._prompt.picture_size

    @property
    def has_alignment(self) -> bool:
        """Whether it has vectors: `embed` and its kin ask for that."""
        return self._embedder is not None

    @property
    def alignment_dimensions(self) -> int:
        """Of the vectors; 0 if it has none."""
        return 0 if self._embedder is None else self._embedder.dimensions

    def embed(self, posts: Sequence[AskedPost]) -> list[Embedding]:
        """Vectors of each post's text and picture, and how probably the two belong together.

        A text counts as far as a prompt would show it. Equal parts are embedded once. Memory is
        that of `batch_size` texts and one picture, and up to 200 MB for what the tower said of the
        last ones, so that it need not see them again for their keyphrases. `InputError` without
        `has_alignment`.
        """
        with self._evaluating():
            return self._with_vectors()(posts)

    def embed_text(self, text: str) -> Vector | None:
        """The vector of a text by itself, such as a query; None if it is blank."""
        with self._evaluating():
            return self._with_vectors().texts([text])[0]

    def embed_picture(self, picture: Image.Image) -> Vector:
        """The vector of a picture by itself, of which nothing is remembered."""
        with self._evaluating():
            return self._with_vectors().picture(picture, remember=False)

    def alignments(
        self, pictures: Sequence[Image.Image], texts: Sequence[str]
    ) -> NDArray[np.float64]:
        """How probably each picture and each text belong together, (pictures, texts); 0 for a
        blank text. `InputError` without `has_alignment`."""
        with self._evaluating():
            return self._with_vectors().pairs(pictures, texts)

    def _with_vectors(self) -> Embedder:
        if self._embedder is None:
            raise InputError(
                "the model has no vectors; `python -m trainer.align` makes a version that has them"
            )
        return self._embedder

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        training = self._model.training
        self._model.eval()
        try:
            yield
        finally:
            self._model.train(training)

    @property
    def room(self) -> Room:
        """What a document is cut and its answers are merged by."""
        return Room(fit=self._prompt.fit, most_keyphrases=self._settings.max_keyphrases)

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        """Keyphrases of each post, best first; an empty text or None is a part that is missing.

        Posts with equal texts and pictures are answered once. While a batch is generated, the
        next one is made ready: its pictures are processed and its texts tokenised.
        """
        asked: dict[AskedPost, int] = {}
        places = [
            asked.setdefault(AskedPost(text, picture), len(asked))
            for text, picture in zip(texts, pictures, strict=True)
        ]
        answers = self._answer(list(asked))
        return [list(answers[place]) for place in places]

    def _answer(self, posts: Sequence[AskedPost]) -> list[list[Keyphrase]]:
        found: dict[int, list[Keyphrase]] = {}
        with self._evaluating(), ThreadPoolExecutor(1, thread_name_prefix="encode") as thread:
            for rows, encoded in self._encoded_ahead(posts, thread):
                batch = [posts[row] for row in rows]
                answers = self._ask_within_memory(batch, encoded.result)
                found.update(zip(rows, answers, strict=True))
                give_back_memory()
        return [found[row] for row in range(len(posts))]

    def _encoded_ahead(
        self, posts: Sequence[AskedPost], thread: ThreadPoolExecutor
    ) -> Iterator[tuple[list[int], Future[Batch]]]:
        """The batches, each of which is encoded from when the one before it is handed out."""
        before: tuple[list[int], Future[Batch]] | None = None
        for rows in self._batches(posts):
            begun = rows, thread.submit(self._encode, [posts[row] for row in rows])
            if before is not None:
                yield before
            before = begun
        if before is not None:
            yield before

    def _batches(self, posts: Sequence[AskedPost]) -> Iterator[list[int]]:
        """Rows that share a batch: alike in length, and all or none with a picture."""
        for shown in (True, False):
            rows = [row for row, one in enumerate(posts) if (one.picture is not None) == shown]
            rows.sort(key=lambda row: len(posts[row].text))
            start = 0
            while start < len(rows):
                size = self._largest_batch
                yield rows[start : start + size]
                start += size

    def _encode(self, posts: Sequence[AskedPost]) -> Batch:
        texts, pictures = [one.text for one in posts], [one.picture for one in posts]
        return self._prompt.encode(texts, self._seen.all_of(pictures) or pictures)

    def _ask_within_memory(
        self, posts: Sequence[AskedPost], encoded: Callable[[], Batch]
    ) -> list[list[Keyphrase]]:
        """In one batch or, if memory is too short for that, in halves, as all that follow."""
        if len(posts) <= self._largest_batch:
            try:
                return self._ask(encoded())
            except RuntimeError as error:
                if len(posts) == 1 or not is_out_of_memory(error):
                    raise
                _log.warning("too little memory for a batch of %d posts (%s)", len(posts), error)
            self._seen.forget()
            # Only now, for the error holds on to what the batch has taken.
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            self._largest_batch = len(posts) // 2
        # Or the batch was cut before memory was found to be too short for the one ahead of it.
        size = self._largest_batch
        answers = []
        for part in (posts[start : start + size] for start in range(0, len(posts), size)):
            answers += self._ask_within_memory(part, partial(self._encode, part))
        return answers

    @torch.inference_mode()
    def _ask(self, batch: Batch) -> list[list[Keyphrase]]:
        inputs = batch.to(self._model.device).inputs
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


def load_for_asking(bundle: Path, device: str) -> Bundle:
    """The model of a bundle in the precision in which it is asked on a device, and there."""
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
    loaded.model.to(device)
    return loaded


def cast_parameters(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Casts parameters alone: as buffers, rotary frequencies stay as exact as they were trained."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
