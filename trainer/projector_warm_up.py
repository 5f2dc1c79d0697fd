"""The warm-up of a projector: it learns words for what pictures show before the model reads them.

A fresh projector hands the language model noise, and fine-tuning on a few thousand posts then
learns to read the texts and hardly looks at the pictures. Here the image tokens of a picture,
averaged, learn to lie near the embeddings of its gold keyphrases' tokens: a linear softmax over
the words that occur in gold, with the embeddings as its weights. The language model itself is not
run, so that an epoch costs a hundredth of one of fine-tuning.

It stands where LLaVA (arXiv 2304.08485) trains the projector alone through the language model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from transformers import PreTrainedTokenizerBase

from model_store.base import Base
from model_store.output import write_phrases
from trainer.optimization import rate_factor
from trainer.order import Order
from trainer.training_set import TrainingSet
from trainer.vision_cache import VisionCache
from trainer.vision_dropout import drop_channels

_BATCH = 64
_RATE = 5e-4
_BIAS_RATE = 1e-3
_WEIGHT_DECAY = 0.1
_RISE = 0.1
"""Share of the updates during which the rate rises."""
_CHANNELS_DROPPED = 0.5
_TOKENS_SHOWN = 0.5
"""Share of a picture's tokens, drawn anew each time: it costs less, and each learns to speak for
itself."""
_SHARPNESS = 25.0
"""Of the softmax, with embeddings scaled to a mean length of 1. At 25 image tokens come to about
twice an embedding's length; at 10, to seven times, which the language model takes badly."""


def warm_up_projector(
    base: Base,
    examples: TrainingSet,
    vision: VisionCache,
    *,
    epochs: int,
    seed: int,
    advance: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> None:
    """Trains the projector in place on the pictures that have gold keyphrases.

    `advance` is told each epoch, from 1, and its mean loss. The same seed gives the same weights.
    Examples without pictures are passed over. Nothing happens without any picture, and where all
    of them say the same word: there is nothing to tell apart.
    """
    rows = [row for row in range(len(examples)) if examples[row].image is not None]
    if not rows:
        return
    targets = _Targets(base, [examples[row].keyphrases for row in rows])
    if len(targets.bias) < 2:
        return
    projector = base.family.projector(base.model)
    optimizer = AdamW(
        [
            {"params": list(projector.parameters()), "peak": _RATE},
            {"params": [targets.bias], "peak": _BIAS_RATE, "weight_decay": 0.0},
        ],
        weight_decay=_WEIGHT_DECAY,
    )
    order = Order(posts=len(rows), batch_size=_BATCH, seed=seed)
    random = torch.Generator().manual_seed(seed)
    device, update = base.model.device, 0
    for epoch in range(epochs):
        total = 0.0
        for number in range(order.batches):
            chosen = order.batch(epoch, number).tolist()
            shown = [_some(vision, rows[one], random) for one in chosen]
            states = torch.cat(shown).to(device)
            tokens = base.family.project(base.model, states)
            means = torch.stack([one.mean(0) for one in tokens.split([len(s) for s in shown])])
            loss = targets.loss(means, chosen)
            for group in optimizer.param_groups:
                factor = rate_factor(update, epochs * order.batches, _RISE)
                group["lr"] = group["peak"] * factor
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            update += 1
            total += loss.item() * len(chosen)
        advance(epoch + 1, total / len(rows))


class _Targets:
    """What the image tokens of each example are to say."""

    def __init__(self, base: Base, keyphrases: Sequence[Sequence[str]]) -> None:
        embeddings = base.model.get_input_embeddings().weight.detach()
        said = [sorted(set(_spoken(base.processor.tokenizer, phrases))) for phrases in keyphrases]
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
        """How common each word is, so that the image tokens need not say it of every picture."""

    def loss(self, means: Tensor, rows: Sequence[int]) -> Tensor:
        """Mean cross-entropy of (N, hidden) against the words of these examples, each of one
        weight."""
        target = torch.zeros(len(rows), len(self.bias), device=means.device)
        for number, row in enumerate(rows):
            target[number, self._said[row]] = 1 / max(1, len(self._said[row]))
        return functional.cross_entropy(means @ self._weights.T + self.bias, target)


def _spoken(tokenizer: PreTrainedTokenizerBase, phrases: Sequence[str]) -> Iterator[int]:
    """Tokens of the phrases as they stand within a list, that is behind a space."""
    for phrase in phrases:
        yield from tokenizer(f" {write_phrases([phrase])}", add_special_tokens=False).input_ids


def _some(vision: VisionCache, row: int, random: torch.Generator) -> Tensor:
    picture = vision[row]
    if picture is None:
        raise ValueError(f"the vision cache has no picture in row {row}, and the examples have")
    count = len(picture.states)
    shown = torch.randperm(count, generator=random)[: max(1, round(_TOKENS_SHOWN * count))]
    return drop_channels(picture.states[shown].float(), _CHANNELS_DROPPED, random)
