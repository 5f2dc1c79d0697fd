"""The words that image tokens say: of those in gold keyphrases, the ones whose embeddings they are
near.

A picture's image tokens, averaged, go into a linear softmax over the words that occur in gold, with
the language model's own embeddings as its weights. So words are known without running the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from model_store.base import Base
from model_store.output import write_phrases
from posts.phrases import stem_key

_SHARPNESS = 25.0
"""Of the softmax, with embeddings scaled to a mean length of 1. At 25 trained image tokens come to
twice an embedding's length; at 10, to seven times, which the language model takes badly."""


class ImageWords:
    """Reads the mean image tokens of pictures."""

    bias: nn.Parameter
    """How common each word is, so that image tokens need not say it of every picture; learnt."""

    def __init__(self, base: Base, keyphrases: Sequence[Sequence[str]]) -> None:
        """`keyphrases`: the gold ones of each example."""
        embeddings = base.model.get_input_embeddings().weight.detach()
        tokenizer = base.processor.tokenizer
        said = [sorted(set(_spoken(tokenizer, phrases))) for phrases in keyphrases]
        words = sorted({word for tokens in said for word in tokens})
        column = {word: number for number, word in enumerate(words)}
        self._said = [[column[token] for token in tokens] for tokens in said]
        wanted = embeddings[torch.tensor(words, device=embeddings.device)].float()
        # What all words have in common tells none from another.
        wanted = wanted - wanted.mean(0)
        length = wanted.square().sum(1).mean().clamp_min(torch.finfo(wanted.dtype).tiny)
        self._weights = _SHARPNESS * wanted / length
        counts = torch.zeros(len(words), device=embeddings.device)
        for columns in self._said:
            counts[columns] += 1
        self.bias = nn.Parameter((counts / len(self._said)).log())
        self._phrases = _distinct(keyphrases)
        self._share = torch.zeros(len(words), len(self._phrases), device=embeddings.device)
        for number, phrase in enumerate(self._phrases):
            tokens = list(_spoken(tokenizer, [phrase]))
            for token in tokens:
                self._share[column[token], number] += 1 / len(tokens)

    def __len__(self) -> int:
        """Different words."""
        return len(self.bias)

    def loss(self, means: Tensor, examples: Sequence[int]) -> Tensor:
        """Mean cross-entropy of (N, hidden) against the words of these examples, each of one
        weight."""
        target = torch.zeros(len(examples), len(self), device=means.device)
        for number, example in enumerate(examples):
            target[number, self._said[example]] = 1 / max(1, len(self._said[example]))
        return functional.cross_entropy(self._logits(means), target)

    @torch.no_grad()
    def say(self, means: Tensor, count: int) -> list[list[str]]:
        """For each of (N, hidden) the gold keyphrases that it says most clearly, first the first:
        those whose words have the highest mean log-probability."""
        scores = functional.log_softmax(self._logits(means), dim=-1) @ self._share
        best = scores.topk(min(count, len(self._phrases))).indices
        return [[self._phrases[number] for number in row] for row in best.tolist()]

    def _logits(self, means: Tensor) -> Tensor:
        return means @ self._weights.T + self.bias


def _distinct(keyphrases: Sequence[Sequence[str]]) -> list[str]:
    """Each phrase as it is first written; the same stems are one phrase."""
    first: dict[str, str] = {}
    for phrases in keyphrases:
        for phrase in phrases:
            if write_phrases([phrase]):
                first.setdefault(stem_key(phrase), phrase)
    return list(first.values())


def _spoken(tokenizer: PreTrainedTokenizerBase, phrases: Sequence[str]) -> Iterator[int]:
    """Tokens of the phrases as they stand within a list, that is behind a space."""
    for phrase in phrases:
        yield from tokenizer(f" {write_phrases([phrase])}", add_special_tokens=False).input_ids
