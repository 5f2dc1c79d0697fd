"""Passes of views through the language model, cut where the post's own text begins.

What stands before it, the prefix, is computed by itself: it needs no logits, and two views that
agree on it can share it. Its keys and values carry the gradient back to it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from model_store.families import Family
from model_store.prompt import IGNORED
from trainer.aimkp.prefix import Continuation, PrefixCompleteSignal, PrefixStates
from trainer.aimkp.section import Section
from trainer.aimkp.tokens import Tokens


class Prefix(NamedTuple):
    """A pass over the prefix of each row."""

    section: Section
    states: PrefixStates


class Passes:
    """Sends views through a model; a view is which tokens of each row are seen, bool (B, T)."""

    def __init__(self, model: PreTrainedModel, family: Family) -> None:
        self._model = model
        self._family = family
        language_model = family.language_model(model)
        # A layer that will be computed again must be computed to its end.
        self._last_layer = (
            None
            if language_model.is_activation_checkpointing
            else language_model.config.num_hidden_layers - 1
        )

    def losses(self, tokens: Tokens, seen: Tensor) -> Tensor:
        """Sum of the cross-entropies of each row's label tokens in a view, (B,)."""
        return self.losses_after(self.prefix(tokens, seen), tokens, seen)

    def prefix(self, tokens: Tokens, seen: Tensor) -> Prefix | None:
        """A pass over the prefix in a view; None if there is none in any row."""
        kept = seen & tokens.leading
        if not kept.any():
            return None
        section, states = Section.of(kept, seen), PrefixStates(self._last_layer)
        with suppress(PrefixCompleteSignal):
            self._hidden_states(tokens, section, section.visibility(), states)
        return Prefix(section, states)

    def losses_after(self, prefix: Prefix | None, tokens: Tokens, seen: Tensor) -> Tensor:
        """As `losses`, in a view whose prefix has been passed; 0 for a row where nothing is seen.

        The prefix may be shared by views that differ only after it.
        """
        targets = tokens.targets.masked_fill(~seen.any(1, keepdim=True), IGNORED)
        # A token at which a label is predicted is computed even if no other may see it.
        kept = (seen & ~tokens.leading) | (targets != IGNORED)
        section = Section.of(kept, seen)
        if prefix is None:
            hidden = self._hidden_states(tokens, section, section.visibility(), None)
        else:
            visible = section.visibility(prefix.section)
            hidden = self._hidden_states(tokens, section, visible, Continuation(prefix.states))
        targets = section.take(targets).masked_fill(~section.real, IGNORED)
        return self._cross_entropies(hidden, targets)

    def _hidden_states(
        self,
        tokens: Tokens,
        section: Section,
        visible: Tensor,
        past: PrefixStates | Continuation | None,
    ) -> Tensor:
        return self._family.hidden_states(
            self._model,
            section.take(tokens.embeds),
            visible,
            section.take_positions(tokens.position_ids),
            past,
        )

    def _cross_entropies(self, hidden: Tensor, targets: Tensor) -> Tensor:
        # Logits are as wide as the vocabulary: computed only where a label is predicted.
        rows, columns = (targets != IGNORED).nonzero(as_tuple=True)
        logits = self._model.lm_head(hidden[rows, columns])
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        losses = functional.cross_entropy(logits, targets[rows, columns], reduction="none")
        return losses.new_zeros(len(targets)).index_add(0, rows, losses)
