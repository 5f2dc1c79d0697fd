"""A batch of posts as the language model sees it, before anything is masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from model_store.families import Family
from model_store.prompt import IGNORED, Batch


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """B rows of T tokens, padded on either side."""

    embeds: Tensor
    """(B, T, hidden), with the image tokens in their places."""
    position_ids: Tensor
    """Positions in the clean view, which masking does not change; (B, T) or (3, B, T)."""
    targets: Tensor
    """The label that is predicted at each token, or `IGNORED`, (B, T)."""
    present: Tensor
    """Tokens that are no padding, bool (B, T)."""
    leading: Tensor
    """Those before the post's own text and before any prediction, bool (B, T)."""

    @classmethod
    def of(
        cls, model: PreTrainedModel, family: Family, batch: Batch, features: Tensor | None
    ) -> Self:
        """The embeddings are a leaf, whose gradient is wanted if there are image features."""
        if batch.labels is None:
            raise ValueError("a batch without labels cannot be learnt from")
        embeds = family.inputs_embeds(model, batch.inputs, features).detach()
        targets = functional.pad(batch.labels[:, 1:], (0, 1), value=IGNORED)
        present = batch.inputs["attention_mask"].bool()
        begun = (batch.text_positions | (targets != IGNORED)).cumsum(1) > 0
        return cls(
            embeds=embeds.requires_grad_(features is not None),
            position_ids=family.position_ids(model, batch.inputs),
            targets=targets,
            present=present,
            leading=present & ~begun,
        )

    @property
    def label_count(self) -> int:
        """Label tokens of all rows."""
        return int((self.targets != IGNORED).sum())

    def rows(self, which: Tensor) -> Tokens:
        """Some rows, by number."""
        return Tokens(
            embeds=self.embeds[which],
            position_ids=self.position_ids[..., which, :],
            targets=self.targets[which],
            present=self.present[which],
            leading=self.leading[which],
        )
