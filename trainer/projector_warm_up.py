"""The warm-up of a projector: it learns words for what pictures show before the model reads them.

A fresh projector hands the language model noise, and fine-tuning on a few thousand posts then
learns to read the texts and hardly looks at the pictures. Here the image tokens of a picture,
averaged, learn to lie near the embeddings of its gold keyphrases' tokens (see
`trainer.image_words`). The language model itself is not run, so that an epoch costs a hundredth of
one of fine-tuning.

It stands where LLaVA (arXiv 2304.08485) trains the projector alone through the language model.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import AdamW

from model_store.base import Base
from trainer.image_words import ImageWords
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


def warm_up_projector(
    base: Base,
    examples: TrainingSet,
    vision: VisionCache,
    *,
    epochs: int,
    seed: int,
    advance: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> ImageWords | None:
    """Trains the projector in place on the pictures that have gold keyphrases; gives what reads
    its tokens.

    `advance` is told each epoch, from 1, and its mean loss. The same seed gives the same weights.
    Examples without pictures are passed over. Nothing happens, and None is given, without any
    picture, and where all of them say the same word: there is nothing to tell apart.
    """
    rows = [row for row in range(len(examples)) if examples[row].image is not None]
    if not rows:
        return None
    words = ImageWords(base, [examples[row].keyphrases for row in rows])
    if len(words) < 2:
        return None
    projector = base.family.projector(base.model)
    optimizer = AdamW(
        [
            {"params": list(projector.parameters()), "peak": _RATE},
            {"params": [words.bias], "peak": _BIAS_RATE, "weight_decay": 0.0},
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
            loss = words.loss(means, chosen)
            for group in optimizer.param_groups:
                factor = rate_factor(update, epochs * order.batches, _RISE)
                group["lr"] = group["peak"] * factor
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            update += 1
            total += loss.item() * len(chosen)
        advance(epoch + 1, total / len(rows))
    return words


def _some(vision: VisionCache, row: int, random: torch.Generator) -> Tensor:
    picture = vision[row]
    if picture is None:
        raise ValueError(f"the vision cache has no picture in row {row}, and the examples have")
    count = len(picture.states)
    shown = torch.randperm(count, generator=random)[: max(1, round(_TOKENS_SHOWN * count))]
    return drop_channels(picture.states[shown].float(), _CHANNELS_DROPPED, random)
