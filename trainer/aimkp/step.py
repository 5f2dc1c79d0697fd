"""The AimKP step: three views of each post, two of them filtered, one joint gradient.

It is exactly the gradient of the plain algorithm, which sends each view through the model by
itself, at about half the cost: masked tokens are left out instead of masked, the clean and the
text-masked view share what stands before the post's text, pictures are encoded once, logits are
computed only where a label is predicted, and a backward pass over a batch of views gives the
gradient of each. docs/training.md tells how it is done and what it costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from model_store.families import Family
from model_store.prompt import Batch
from trainer.aimkp.encoded import EncodedPosts
from trainer.aimkp.filtering import Joint, add_gradients, cosines, view_weights
from trainer.aimkp.masked_views import MaskedView, masked_views
from trainer.aimkp.passes import Passes
from trainer.aimkp.strides import Modality, Progression, Strides
from trainer.aimkp.view_gradients import Gradients, Recorder
from trainer.step import Loss, StandardStep, Step


@dataclass(frozen=True, kw_only=True)
class AimKPSettings:
    """What the method can be told; `trainer.config.TrainConfig` says what each means."""

    tau: Mapping[Modality, float]
    joint: Joint
    progression: Progression


class _Outcome(NamedTuple):
    """What the filter made of a batch's views of one modality; empty of meaning for a post that
    has none."""

    cosine: Tensor
    """fp64 (B,)"""
    kept: Tensor
    """bool (B,)"""


_Outcomes = Mapping[Modality, _Outcome]
_Views = Mapping[Modality, MaskedView]


class AimKPStep(Step):
    """A step in which each post's masked views have strides of their own."""

    def __init__(
        self,
        model: PreTrainedModel,
        family: Family,
        *,
        settings: AimKPSettings,
        strides: Strides,
        bf16: bool = False,
    ) -> None:
        """`strides` is changed by every call."""
        super().__init__(model, family, bf16=bf16)
        self._settings = settings
        self._strides = strides
        self._plain = StandardStep(model, family, bf16=bf16)
        self._passes = Passes(model, family)
        self._recorder = Recorder(model)
        # Views that share a prefix share its dropout mask, but each is to have its own.
        self._shares_prefix = not _has_dropout(family.language_model(model))
        self._epoch = 1

    def begin_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __call__(self, ids: Sequence[str], batch: Batch) -> Loss:
        """Learns from posts with these ids; the loss is that of the clean views."""
        views = masked_views(self.family, batch, ids, self._strides)
        if views:
            loss, outcomes = self._joint(batch, views)
        else:
            loss, outcomes = self._plain(ids, batch), {}
        self._note(ids, views, outcomes)
        return loss

    def _joint(self, batch: Batch, views: _Views) -> tuple[Loss, _Outcomes]:
        """Adds the joint gradient of a batch that has masked views."""
        with self._recorder.recording():
            loss, clean, masked = self._gradients(batch, views)
        outcomes = {}
        for modality, gradients in masked.items():
            cosine = cosines(clean, gradients)
            kept = views[modality].rows & (cosine >= self._settings.tau[modality])
            outcomes[modality] = _Outcome(cosine, kept)
        kept_masked = [outcome.kept for outcome in outcomes.values()]
        kept = torch.stack([torch.ones_like(kept_masked[0]), *kept_masked])
        add_gradients([clean, *masked.values()], view_weights(kept, self._settings.joint))
        return loss, outcomes

    def _gradients(
        self, batch: Batch, views: _Views
    ) -> tuple[Loss, Gradients, dict[Modality, Gradients]]:
        """The clean loss, and the gradients of the clean and of the masked views by post."""
        masked: dict[Modality, Gradients] = {}
        sharing = views.get(Modality.TEXT) if self._shares_prefix else None
        with self.forward_precision():
            posts = EncodedPosts(self.model, self.family, self._recorder, batch)
            tokens = posts.tokens
            prefix = self._passes.prefix(tokens, tokens.present)
            losses = self._passes.losses_after(prefix, tokens, tokens.present)
            if sharing is not None:
                text_losses = self._passes.losses_after(prefix, tokens, sharing.seen)
        loss = Loss(losses.detach().sum(), tokens.label_count)
        clean = posts.gradients(losses, keep_graph=sharing is not None)
        if sharing is not None:
            masked[Modality.TEXT] = posts.gradients(text_losses)
        # What follows builds graphs of its own, in the memory that this one leaves.
        del prefix, losses
        for modality, view in views.items():
            if modality not in masked:
                with self.forward_precision():
                    losses = self._passes.losses(tokens.rows(view.which), view.seen[view.which])
                masked[modality] = posts.gradients(losses, view.which)
        return loss, clean, masked

    def _note(self, ids: Sequence[str], views: _Views, outcomes: _Outcomes) -> None:
        """Moves the strides on."""
        progression = self._settings.progression
        for modality in Modality:
            if modality not in outcomes:
                for post in ids:
                    self._strides.visited(post, modality, progression)
                continue
            # One that is no number says nothing but that its view was dropped.
            cosine = outcomes[modality].cosine.nan_to_num(-1.0).tolist()
            kept = outcomes[modality].kept.tolist()
            for number, was_made in enumerate(views[modality].rows.tolist()):
                if was_made:
                    self._strides.made(
                        ids[number],
                        modality,
                        progression,
                        epoch=self._epoch,
                        cosine=cosine[number],
                        kept=kept[number],
                    )
                else:
                    self._strides.visited(ids[number], modality, progression)


def _has_dropout(language_model: nn.Module) -> bool:
    attention_dropout = getattr(language_model.config, "attention_dropout", 0.0)
    of_modules = (one.p for one in language_model.modules() if isinstance(one, nn.Dropout))
    return max([attention_dropout, *of_modules]) > 0
