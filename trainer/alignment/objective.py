"""The auxiliary objective of a training: L = L_keyphrases + beta L_alignment.

Its gradient is that of the posts of a whole update, over all micro-batches and workers. So it is
computed once they are known, in passes of its own, and added to `.grad` only when the keyphrases'
gradients are there: AimKP's cosines and strides know nothing of it.

    objective.collect(examples)                    # each micro-batch
    objective.add_gradients(update, tokens=...)    # before the update

Where a worker's posts are more than one micro-batch, their vectors are first computed without a
graph, and then again, a micro-batch at a time, for their gradient (GradCache, arXiv 2101.06983).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from model_store.alignment.features import forward_precision, picture_features, text_features
from model_store.alignment.heads import AlignmentHeads
from model_store.base import Base
from trainer.alignment.gather import gather, sum_over_workers
from trainer.alignment.loss import ContrastiveLoss
from trainer.alignment.queue import FeatureQueue
from trainer.alignment.schedule import alpha
from trainer.alignment.teacher import Teacher
from trainer.alignment.vectors import Vectors
from trainer.examples import Examples
from trainer.seeding import seed_for


class _Pairs(NamedTuple):
    """Those posts of a micro-batch that show both a picture and a text."""

    ids: list[str]
    tokens: list[list[int]]
    states: list[Tensor]


class AlignmentObjective:
    """Of one worker. Heads, projector and LoRA learn from it; the teacher does not."""

    def __init__(
        self,
        base: Base,
        heads: AlignmentHeads,
        teacher: Teacher,
        *,
        loss: ContrastiveLoss,
        beta: float,
        queue: FeatureQueue,
        updates: int,
        seed: int,
    ) -> None:
        """`heads` are a part of `base.model`; `updates` are those of the whole run."""
        self.heads = heads
        self.teacher = teacher
        self.queue = queue
        self._base = base
        self._loss = loss
        self._beta = beta
        self._updates = updates
        self._seed = seed
        self._collected: list[_Pairs] = []

    def collect(self, examples: Examples) -> Examples:
        """Takes note of posts on the model's device; gives them with their pictures after the
        tower, so that it need not run again."""
        family, model, batch = self._base.family, self._base.model, examples.batch
        with forward_precision(model):
            states = family.vision_states(model, batch.inputs)
        if states is None:
            return examples
        counts = family.image_positions(batch.inputs).sum(1)
        parts = iter(states.split(counts[counts > 0].tolist()))
        of_row = [next(parts) if count else None for count in counts.tolist()]
        texts = [
            ids[shown].tolist()
            for ids, shown in zip(batch.inputs["input_ids"], batch.text_positions, strict=True)
        ]
        pairs = [
            (post, tokens, shown)
            for post, tokens, shown in zip(examples.ids, texts, of_row, strict=True)
            if tokens and shown is not None
        ]
        if pairs:
            ids, tokens, shown = zip(*pairs, strict=True)
            self._collected.append(_Pairs(list(ids), list(tokens), list(shown)))
        return Examples(examples.ids, batch.with_vision_states(states, family))

    def add_gradients(self, update: int, *, tokens: int) -> float:
        """Adds the gradient of the posts collected since the last call to `.grad`; gives the loss.

        To be called by all workers together. `tokens` are this worker's label tokens: gradients in
        `.grad` are sums over these, and are going to be divided by how many all workers have.
        """
        collected, self._collected = self._collected, []
        alone = len(collected) == 1
        with torch.set_grad_enabled(alone):
            parts = [self._vectors(pairs, update, n) for n, pairs in enumerate(collected)]
        own = Vectors.cat(parts) if parts else self._none()
        everyone, mine = gather(own)
        factor = self._beta * max(1.0, sum_over_workers(tokens, everyone.posts.device))
        if not len(everyone.posts):
            return 0.0
        leaves = (everyone.pictures.requires_grad_(), everyone.texts.requires_grad_())
        share = alpha(update, self._updates)
        loss = self._loss(everyone, self.queue.vectors, alpha=share)
        of_pictures, of_texts = (factor * one[mine] for one in torch.autograd.grad(loss, leaves))
        start = 0
        for number, pairs in enumerate(collected):
            vectors = parts[0] if alone else self._vectors(pairs, update, number)
            rows = slice(start, start + len(pairs.ids))
            start = rows.stop
            torch.autograd.backward(
                [vectors.pictures, vectors.texts], [of_pictures[rows], of_texts[rows]]
            )
        # Which of them the queue has room for must not depend on how many workers there are.
        self.queue.push(everyone.by_post())
        return loss.item()

    def state(self) -> dict[str, Tensor]:
        """For a checkpoint: what weights and settings do not tell; `resume_alignment` takes it."""
        parts = {
            "heads": dict(self.heads.named_buffers()),
            "teacher": self.teacher.state(),
            "queue": self.queue.state(),
        }
        return {
            f"{part}/{name}": one.detach().cpu().contiguous()
            for part, named in parts.items()
            for name, one in named.items()
        }

    def _vectors(self, pairs: _Pairs, update: int, number: int) -> Vectors:
        """Of a micro-batch; the same dropout masks whenever they are computed in an update."""
        model, family = self._base.model, self._base.family
        with torch.random.fork_rng(), forward_precision(model):
            torch.manual_seed(seed_for("alignment", self._seed, update, number, *pairs.ids))
            pictures = torch.stack([picture_features(model, family, one) for one in pairs.states])
            texts = text_features(
                *(model, family, self._base.processor.tokenizer, pairs.tokens),
                self.heads.shape.text_layer,
            )
            vectors = self.heads.pictures(pictures), self.heads.texts(texts)
        posts = self.teacher.numbers(pairs.ids).to(model.device)
        return Vectors.of(posts, *vectors, self.teacher.vectors(posts))

    def _none(self) -> Vectors:
        device = self._base.model.device
        posts = torch.zeros(0, dtype=torch.int64, device=device)
        dtype = self.heads.text.linear.weight.dtype
        vectors = torch.zeros(0, self.heads.shape.dimensions, dtype=dtype, device=device)
        return Vectors.of(posts, vectors, vectors, self.teacher.vectors(posts))
