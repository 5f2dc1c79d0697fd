"""Heads as a part of the model that is trained: checkpoints and the optimizer then have them."""

from __future__ import annotations

from torch import nn

from model_store.alignment.heads import AlignmentHeads

_NAME = "alignment_heads"


def attach_heads(model: nn.Module, heads: AlignmentHeads) -> None:
    """They are trained from now on."""
    model.add_module(_NAME, heads.requires_grad_(True))


def heads_of(model: nn.Module) -> AlignmentHeads | None:
    """Those attached; None if there are none."""
    heads = getattr(model, _NAME, None)
    return heads if isinstance(heads, AlignmentHeads) else None
