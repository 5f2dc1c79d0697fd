"""The contrastive loss: InfoNCE, and InfoNCE regulated by cross-modal similarity (SRCL).

InfoNCE takes every other post of a batch for wrong. Some are partly right: the same picture posted
again, the same thing in other words. SRCL (Jiang et al., ACL 2023) gives each of these negatives a
weight that falls with its similarity to the anchor:

    L_v = -1/N sum_i log[ f_ii / (f_ii + sum_{j != i} w_ij f_ij) ],  f_ij = exp(cos(v_i, t_j) / tau)
    s_ij = alpha exp(cos_H / tau_s) + (1 - alpha) exp(cos_S / tau_s)
    w_ij = (1 / s_ij) / mean_k(1 / s_ik)

and L_t likewise, from texts to pictures. H is a frozen teacher, S the model in training; no
gradient goes through w, whose mean over the negatives of an anchor is 1. As printed, tau_s is 1:
then no weight of one row can be more than e^2 times another, and false negatives keep most of
theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from posts.errors import InputError
from trainer.alignment.vectors import Vectors

INFONCE = "infonce"
SRCL = "srcl"
DELETION = "deletion"
WEIGHTINGS = (INFONCE, SRCL, DELETION)


@dataclass(frozen=True, kw_only=True)
class ContrastiveLoss:
    """The mean of both directions' losses. Raises InputError for settings that cannot work."""

    weighting: str = SRCL
    """infonce: all negatives weigh 1; srcl: as above; deletion: those whose weight by srcl is below
    `deletion_threshold` are left out, all others weigh 1."""
    temperature: float = 0.07
    """tau."""
    weight_temperature: float = 0.25
    """tau_s."""
    deletion_threshold: float = 0.25

    def __post_init__(self) -> None:
        if self.weighting not in WEIGHTINGS:
            raise InputError(f"a weighting must be one of {', '.join(WEIGHTINGS)}")
        if self.temperature <= 0 or self.weight_temperature <= 0:
            raise InputError("temperatures of a contrastive loss must be greater than 0")

    def __call__(self, batch: Vectors, queue: Vectors | None = None, *, alpha: float = 1) -> Tensor:
        """Mean over the N posts of a batch; a scalar.

        Negatives of a post are the other posts of the batch and those of the queue; one that is
        the same post is neither right nor wrong. `alpha` is the teacher's part in the weights;
        without a teacher it is taken for 0.
        """
        everyone = batch if queue is None else Vectors.cat([batch, queue.detach()])
        pictures_first = _cosines(batch, everyone)
        texts_first = _cosines(_swapped(batch), _swapped(everyone))
        negatives = batch.posts[:, None] != everyone.posts[None, :]
        losses = [
            _losses(one, self._weights(one, negatives, alpha), self.temperature)
            for one in (pictures_first, texts_first)
        ]
        return torch.stack(losses).mean()

    @torch.no_grad()
    def weights(self, batch: Vectors, *, alpha: float = 1) -> Tensor:
        """Of the pairs of picture i and text j of a batch, (N, N); 0 where there is no negative."""
        negatives = batch.posts[:, None] != batch.posts[None, :]
        return self._weights(_cosines(batch, batch), negatives, alpha)

    def _weights(self, cosines: _Cosines, negatives: Tensor, alpha: float) -> Tensor:
        ours, teachers = (None if one is None else one.detach() for one in cosines)
        if self.weighting == INFONCE or ours is None:
            return negatives.to(cosines[0].dtype)
        by_similarity = similarity_weights(
            ours, teachers, negatives, alpha=alpha, temperature=self.weight_temperature
        )
        if self.weighting == DELETION:
            return (negatives & (by_similarity >= self.deletion_threshold)).to(ours.dtype)
        return by_similarity


def similarity_weights(
    ours: Tensor, teachers: Tensor | None, negatives: Tensor, *, alpha: float, temperature: float
) -> Tensor:
    """The weights w of SRCL, of cosines (N, M); 0 outside of `negatives`, bool (N, M)."""
    alpha = 0.0 if teachers is None else alpha
    logs = [ours / temperature + _log(1 - alpha)]
    if teachers is not None:
        logs.append(teachers / temperature + _log(alpha))
    # In logarithms, for exp(cos / tau_s) may be any size.
    inverse = -torch.stack(logs).logsumexp(0)
    inverse = inverse.masked_fill(~negatives, -torch.inf)
    count = negatives.sum(1, keepdim=True)
    return (inverse.softmax(1) * count).masked_fill(~negatives, 0)


_Cosines = tuple[Tensor, Tensor | None]
"""By the model in training and by the teacher, (N, M)."""


def _cosines(anchors: Vectors, others: Vectors) -> _Cosines:
    """Of the anchors' pictures with the others' texts."""
    teachers = None
    if anchors.has_teacher:
        teachers = anchors.teacher_pictures @ others.teacher_texts.T
    return anchors.pictures @ others.texts.T, teachers


def _swapped(vectors: Vectors) -> Vectors:
    """With pictures for texts and texts for pictures."""
    posts, pictures, texts, teacher_pictures, teacher_texts = vectors
    return Vectors(posts, texts, pictures, teacher_texts, teacher_pictures)


def _losses(cosines: _Cosines, weights: Tensor, temperature: float) -> Tensor:
    """Of each anchor, (N,); its own counterpart is the column with its number."""
    logits = cosines[0] / temperature
    own = logits.diagonal()
    rows = torch.arange(len(own), device=own.device)
    factors = weights.clone()
    factors[rows, rows] = 1
    return (logits + factors.log()).logsumexp(1) - own


def _log(share: float) -> float:
    return float(torch.tensor(share, dtype=torch.float64).log())
