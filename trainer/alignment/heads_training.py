"""Training of the heads alone, on features: the model that gave them stays as it is.

heads = train_heads(table, HeadsTraining(), text_layer=24)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch.optim import AdamW

from model_store.alignment.heads import AlignmentHeads, HeadsShape
from posts.errors import InputError
from trainer.alignment.feature_table import FeatureTable
from trainer.alignment.loss import INFONCE, ContrastiveLoss
from trainer.alignment.queue import FeatureQueue
from trainer.alignment.schedule import alpha
from trainer.alignment.vectors import Vectors
from trainer.optimization import rate_factor
from trainer.order import Order

_FEWEST_POSTS = 4


@dataclass(frozen=True, kw_only=True)
class HeadsTraining:
    """How heads are trained. Raises InputError for what cannot work."""

    loss: ContrastiveLoss = field(default_factory=ContrastiveLoss)
    dimensions: int = 128
    """Of the vectors."""
    epochs: int = 20
    batch_size: int = 128
    queue: int = 0
    """Posts seen last that are negatives too."""
    learning_rate: float = 1e-3
    """Peak rate; it rises over a twentieth of the updates and falls on a cosine."""
    weight_decay: float = 0.1
    dropout: float = 0.5
    """Share of the features that is left out."""
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.dimensions, self.epochs, self.batch_size) < 1 or self.queue < 0:
            raise InputError("heads need dimensions, epochs and posts in a batch of at least 1")
        if self.learning_rate <= 0 or not 0 <= self.dropout < 1:
            raise InputError("heads need a learning rate above 0, and dropout from 0 to below 1")

    def to_json(self) -> dict[str, Any]:
        """For a card."""
        return asdict(self)


def train_heads(
    features: FeatureTable,
    training: HeadsTraining,
    *,
    text_layer: int,
    teacher: AlignmentHeads | None = None,
) -> AlignmentHeads:
    """Heads that have learnt which texts go with which pictures; the same seed, the same heads.

    Where the loss asks for similarities, a teacher is trained with InfoNCE first, unless one is
    given. `text_layer` is the one that the features are of.
    """
    if training.loss.weighting == INFONCE:
        teacher = None
    elif teacher is None:
        plain = replace(training, loss=replace(training.loss, weighting=INFONCE))
        teacher = train_heads(features, plain, text_layer=text_layer)
    torch.manual_seed(training.seed)
    heads = fresh_heads(features, training, text_layer)
    seen = None if teacher is None else teacher_vectors(teacher, features)
    decayed = [heads.picture.linear.weight, heads.text.linear.weight]
    optimizer = AdamW(
        [
            {"params": decayed, "weight_decay": training.weight_decay},
            {"params": [heads.picture.linear.bias, heads.text.linear.bias], "weight_decay": 0.0},
        ]
    )
    order = Order(posts=len(features), batch_size=training.batch_size, seed=training.seed)
    queue, updates = FeatureQueue(training.queue), training.epochs * order.batches
    for update in range(updates):
        which = torch.from_numpy(order.batch(*divmod(update, order.batches)).copy())
        vectors = Vectors.of(
            features.rows[which],
            heads.pictures(features.pictures[which]),
            heads.texts(features.texts[which]),
            None if seen is None else (seen[0][which], seen[1][which]),
        )
        loss = training.loss(vectors, queue.vectors, alpha=alpha(update, updates))
        for group in optimizer.param_groups:
            group["lr"] = training.learning_rate * rate_factor(update, updates, 0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        queue.push(vectors)
    return heads.eval().requires_grad_(False)


def fresh_heads(features: FeatureTable, training: HeadsTraining, text_layer: int) -> AlignmentHeads:
    """Heads that have learnt nothing but how large the features are.

    Raises InputError for features of too few posts.
    """
    posts = len(features.rows.unique())
    if posts < _FEWEST_POSTS:
        raise InputError(f"only {posts} posts have a picture and a text; there is nothing to align")
    shape = HeadsShape(
        picture_width=features.pictures.shape[1],
        text_width=features.texts.shape[1],
        text_layer=text_layer,
        dimensions=training.dimensions,
    )
    heads = AlignmentHeads(shape, dropout=training.dropout)
    heads.picture.measure(features.pictures)
    heads.text.measure(features.texts)
    return heads


@torch.no_grad()
def teacher_vectors(
    teacher: AlignmentHeads, features: FeatureTable
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures and texts of all posts, (N, d) each, as a frozen teacher sees them."""
    teacher.eval()
    return teacher.pictures(features.pictures), teacher.texts(features.texts)
