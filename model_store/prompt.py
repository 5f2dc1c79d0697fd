"""The prompt: how a post becomes tokens, for training and for generation.

prompt = Prompt(processor, family, max_text_tokens=512)
batch = prompt.encode(texts, pictures)                     # left-padded, for generation
batch = prompt.encode_training(texts, pictures, phrases)   # right-padded, with labels
model(**batch.inputs, labels=batch.labels)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedTokenizerBase, ProcessorMixin

from model_store.families import EncodedPicture, Family
from model_store.output import MOST_CHARACTERS, MOST_PHRASES, write_phrases
from model_store.picture import tame
from model_store.picture_size import wanted_size
from posts.errors import InputError

QUESTION = "What phrases should be used to tag the media?"
"""From the AimKP paper (arXiv 2512.00928)."""

IGNORED = -100
"""The label of a token that is not predicted."""

_POST = "POST-TEXT-GOES-HERE"
_LONGEST_TOKEN = 32
"""Characters; a text is cut to that many per allowed token before it is tokenised, so that a
megabyte of text costs no more than a page."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Posts as tensors; B rows of T tokens, padded."""

    inputs: Mapping[str, Tensor]
    """What the model takes: `input_ids` and `attention_mask` (B, T), and the picture inputs of
    the family for the rows that have a picture, in order."""
    text_positions: Tensor
    """Tokens that belong to the post's own text, bool (B, T)."""
    labels: Tensor | None = None
    """The tokens to predict, `IGNORED` elsewhere, (B, T); only in training."""

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on a device."""
        return replace(
            self,
            inputs={name: tensor.to(device) for name, tensor in self.inputs.items()},
            text_positions=self.text_positions.to(device),
            labels=None if self.labels is None else self.labels.to(device),
        )

    def with_vision_states(self, states: Tensor, family: Family) -> Batch:
        """The same batch, whose pictures have been through the tower."""
        dropped = {"pixel_values", *family.picture_inputs} - {*family.layout_inputs}
        kept = {name: one for name, one in self.inputs.items() if name not in dropped}
        return replace(self, inputs={**kept, "vision_states": states})


class _Frame(NamedTuple):
    """What stands before and after the post's text."""

    before: str
    after: str


class _Row(NamedTuple):
    ids: list[int]
    text: list[bool]
    labels: list[int]


class Prompt:
    """Turns posts into batches for one model."""

    def __init__(
        self, processor: ProcessorMixin, family: Family, *, max_text_tokens: int = 512
    ) -> None:
        if not processor.tokenizer.is_fast:
            raise InputError("the base's tokenizer has no tokenizer.json; choose a base with one")
        self._processor = processor
        self._tokenizer = processor.tokenizer
        self._family = family
        self._max_text_tokens = max_text_tokens
        self._frames = {shown: self._frame(shown) for shown in (True, False)}
        self._special = _special_tokens(self._tokenizer)
        self.picture_size = wanted_size(processor.image_processor.to_dict())
        """Beyond which pictures are only scaled down."""

    def encode(
        self,
        texts: Sequence[str],
        pictures: Sequence[Image.Image | None] | Sequence[EncodedPicture | None],
    ) -> Batch:
        """Prompts for generation, padded on the left; an empty text or None is left out.

        Pictures may have been through the tower already, but then all of them.
        """
        return self._collate(self._rows(texts, pictures), left=True)

    def encode_training(
        self,
        texts: Sequence[str],
        pictures: Sequence[Image.Image | None] | Sequence[EncodedPicture | None],
        phrases: Sequence[Sequence[str]],
    ) -> Batch:
        """Prompts with their targets, padded on the right; rows with and without pictures mix.

        Pictures may have been through the tower already, but then all of them.
        """
        rows, inputs = self._rows(texts, pictures)
        rows = [
            _Row(row.ids + target, row.text + [False] * len(target), row.labels + target)
            for row, target in zip(rows, map(self._target, phrases), strict=True)
        ]
        return self._collate((rows, inputs), left=False)

    def harmless(self, text: str) -> str:
        """The text as the model may see it: cut to length, and no part of it a special token."""
        text = text.strip()[: self._max_text_tokens * _LONGEST_TOKEN]
        # A lone surrogate, as JSON may hold, cannot be tokenised.
        text = text.encode("utf-8", "replace").decode()
        text = self._disarm(text)
        offsets = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)[
            "offset_mapping"
        ]
        if len(offsets) <= self._max_text_tokens:
            return text
        return text[: offsets[self._max_text_tokens - 1][1]]

    def text_tokens(self, text: str) -> list[int]:
        """Tokens of a text by itself, as far as a prompt would show it; none of a blank one."""
        ids: list[int] = self._tokenizer(self.harmless(text), add_special_tokens=False)["input_ids"]
        return ids

    def fit(self, text: str) -> int:
        """How many characters of a text, from its beginning, a prompt holds; at most all."""
        return min(len(self.harmless(text)), len(text))

    def _frame(self, shown: bool) -> _Frame:
        question = f"{_POST}\n{QUESTION}"
        if getattr(self._processor, "chat_template", None):
            content = [{"type": "image"}] * shown + [{"type": "text", "text": question}]
            message = {"role": "user", "content": content}
            whole = self._processor.apply_chat_template(
                [message], tokenize=False, add_generation_prompt=True
            )
        else:
            whole = f"{self._processor.image_token * shown}{question}\n"
        before, found, after = whole.partition(_POST)
        if not found or before.count(self._processor.image_token) != shown:
            raise InputError(
                "the base's chat template does not take a picture and a text in one message; "
                "choose another base"
            )
        return _Frame(before, after)

    def _rows(
        self,
        texts: Sequence[str],
        pictures: Sequence[Image.Image | None] | Sequence[EncodedPicture | None],
    ) -> tuple[list[_Row], dict[str, Tensor]]:
        inputs, slots = self._pictures([one for one in pictures if one is not None])
        unused = iter(slots)
        rows = []
        for text, picture in zip(texts, pictures, strict=True):
            before, after = self._frames[picture is not None]
            if picture is not None:
                before = before.replace(self._processor.image_token, next(unused))
            rows.append(self._row(before, self.harmless(text), after))
        return rows, inputs

    def _pictures(
        self, shown: Sequence[Image.Image | EncodedPicture]
    ) -> tuple[dict[str, Tensor], list[str]]:
        """The family's inputs for the pictures that there are, and what fills their slots."""
        encoded = [one for one in shown if isinstance(one, EncodedPicture)]
        if encoded:
            return self._family.reuse_pictures(encoded)
        tamed = [tame(one) for one in shown if isinstance(one, Image.Image)]
        return self._family.encode_pictures(self._processor, tamed) if tamed else ({}, [])

    def _row(self, before: str, text: str, after: str) -> _Row:
        whole = before + text + after
        # A chat template may have written the token already that the tokenizer would put first.
        opened = whole.startswith(self._tokenizer.bos_token or "\0")
        encoded = self._tokenizer(whole, add_special_tokens=not opened, return_offsets_mapping=True)
        start, end = len(before), len(before) + len(text)
        in_text = [first < end and last > start for first, last in encoded["offset_mapping"]]
        return _Row(encoded["input_ids"], in_text, [IGNORED] * len(in_text))

    def _target(self, phrases: Sequence[str]) -> list[int]:
        # Who reads the output does not look beyond these bounds, and one post with a thousand tags
        # would make its batch as long.
        some = [phrase for phrase in phrases if len(phrase) <= MOST_CHARACTERS][:MOST_PHRASES]
        text = self._disarm(write_phrases(some))
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return [*ids, self._tokenizer.eos_token_id]

    def _disarm(self, text: str) -> str:
        """Spaces out what looks like a special token; no token holds a space, so that ends."""
        while self._special.search(text):
            text = self._special.sub(lambda match: " ".join(match[0]), text)
        return text

    def _collate(self, encoded: tuple[list[_Row], dict[str, Tensor]], *, left: bool) -> Batch:
        rows, pictures = encoded
        pad = self._tokenizer.pad_token_id
        mask = _pad([[1] * len(row.ids) for row in rows], 0, left)
        input_ids = _pad([row.ids for row in rows], pad, left)
        return Batch(
            inputs={
                "input_ids": input_ids,
                "attention_mask": mask,
                **self._family.token_inputs(input_ids),
                **pictures,
            },
            text_positions=_pad([row.text for row in rows], 0, left).bool(),
            labels=None if left else _pad([row.labels for row in rows], IGNORED, left),
        )


def _special_tokens(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str]:
    """Whatever a tokenizer would take for one token wherever it stands in a text."""
    tokens = sorted(tokenizer.get_added_vocab(), key=len, reverse=True)
    return re.compile("|".join(re.escape(token) for token in tokens if _can_be_spaced(token)))


def _can_be_spaced(token: str) -> bool:
    return len(token) > 1 and not re.search(r"\s", token)


def _pad(rows: Sequence[Sequence[Any]], value: int, left: bool) -> Tensor:
    longest = max(map(len, rows))
    padded = []
    for row in rows:
        padding = [value] * (longest - len(row))
        padded.append([*padding, *row] if left else [*row, *padding])
    return torch.tensor(padded, dtype=torch.long)
