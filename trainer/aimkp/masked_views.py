"""The masked views of a batch: which posts have one, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_store.families import Family
from model_store.prompt import Batch
from trainer.aimkp.masking import kept_patches, kept_text
from trainer.aimkp.strides import Modality, Strides


@dataclass(frozen=True, kw_only=True)
class MaskedView:
    """The views of a batch in which one modality is masked."""

    seen: Tensor
    """Tokens that are seen, bool (B, T); none in the rows that have no such view."""
    rows: Tensor
    """Which rows have it, bool (B,)."""

    @property
    def which(self) -> Tensor:
        """The numbers of these rows."""
        return self.rows.nonzero().squeeze(1)


def masked_views(
    family: Family, batch: Batch, ids: Sequence[str], strides: Strides
) -> Mapping[Modality, MaskedView]:
    """The views that the strides of these posts ask for, text first; a modality may have none."""
    inputs = batch.inputs
    where = {
        Modality.TEXT: batch.text_positions,
        Modality.IMAGE: family.image_positions(inputs),
    }
    views = {}
    for modality, positions in where.items():
        of_rows = [strides.of(post, modality).stride for post in ids]
        rows = positions.any(1) & (torch.tensor(of_rows, device=positions.device) > 1)
        if not rows.any():
            continue
        if modality is Modality.TEXT:
            kept = kept_text(positions, of_rows)
        else:
            kept = kept_patches(positions, family.patch_grids(inputs), of_rows)
        seen = kept & inputs["attention_mask"].bool() & rows.unsqueeze(1)
        views[modality] = MaskedView(seen=seen, rows=rows)
    return views
