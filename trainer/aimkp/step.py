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

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from model_store.families import Family
from model_store.prompt import Batch
from trainer.aimkp.filtering import Joint, add_gradients, cosines, view_weights
from trainer.aimkp.masking import kept_patches, kept_text
from trainer.aimkp.passes import Passes
from trainer.aimkp.projection import Projection
from trainer.aimkp.strides import Modality, Progression, Strides
from trainer.aimkp.tokens import Tokens
from trainer.aimkp.view_gradients import Gradients, Recorder
from trainer.step import Loss, StandardStep, Step


@dataclass(frozen=True, kw_only=True)
class AimKPSettings:
    """What the method can be told; `trainer.config.TrainConfig` says what each means."""

    tau: Mapping[Modality, float]
    joint: Joint
    progression: Progression


@dataclass(frozen=True, kw_only=True)
class _MaskedView:
    """The masked views of one modality."""

    seen: Tensor
    """bool (B, T); nothing is seen in the rows that have no such view."""
    rows: Tensor
    """Which rows have it, bool (B,)."""

    @property
    def which(self) -> Tensor:
        return self.rows.nonzero().squeeze(1)


_MaskedViews = Mapping[Modality, _MaskedView]
_Cosines = Mapping[Modality, Sequence[float]]
"""For each post of a batch; without meaning for a post that has no such view."""


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
        masked = self._masked_views(ids, batch)
        if masked:
            loss, found = self._joint(batch, masked)
        else:
            loss, found = self._plain(ids, batch), {}
        self._note(ids, masked, found)
        return loss

    def _masked_views(self, ids: Sequence[str], batch: Batch) -> _MaskedViews:
        """The views that these posts' strides ask for; without modalities that no post has."""
        inputs = batch.inputs
        where = {
            Modality.IMAGE: self.family.image_positions(inputs),
            Modality.TEXT: batch.text_positions,
        }
        views = {}
        for modality, positions in where.items():
            strides = [self._strides.of(post, modality).stride for post in ids]
            rows = positions.any(1) & (torch.tensor(strides, device=positions.device) > 1)
            if not rows.any():
                continue
            if modality is Modality.TEXT:
                kept = kept_text(positions, strides)
            else:
                kept = kept_patches(positions, self.family.patch_grids(inputs), strides)
            seen = kept & inputs["attention_mask"].bool() & rows.unsqueeze(1)
            views[modality] = _MaskedView(seen=seen, rows=rows)
        return views

    def _joint(self, batch: Batch, masked: _MaskedViews) -> tuple[Loss, _Cosines]:
        """Adds the joint gradient of a batch that has masked views."""
        with self._recorder.recording():
            loss, clean, of_view = self._gradients(batch, masked)
        found = {modality: cosines(clean, gradients) for modality, gradients in of_view.items()}
        kept = [torch.ones_like(next(iter(masked.values())).rows)]
        kept += [masked[m].rows & (found[m] >= self._settings.tau[m]) for m in found]
        weights = view_weights(torch.stack(kept), self._settings.joint)
        add_gradients([clean, *of_view.values()], weights)
        return loss, {modality: cosine.tolist() for modality, cosine in found.items()}

    def _gradients(
        self, batch: Batch, masked: _MaskedViews
    ) -> tuple[Loss, Gradients, dict[Modality, Gradients]]:
        """The clean loss, and the gradients of the clean and of the masked views by post."""
        with self.forward_precision():
            projection = Projection(self.model, self.family, batch.inputs)
            tokens = Tokens.of(self.model, self.family, batch, projection.features)
        image_positions = self.family.image_positions(batch.inputs)

        def by_post(
            losses: Tensor, which: Tensor | None = None, *, keep_graph: bool = False
        ) -> Gradients:
            gradients = self._recorder.backward(
                losses.sum(), rows=len(tokens.targets), which=which, keep_graph=keep_graph
            )
            reached, tokens.embeds.grad = tokens.embeds.grad, None
            if reached is not None:
                gradients |= projection.gradients(reached[image_positions])
            return gradients

        of_view: dict[Modality, Gradients] = {}
        sharing = masked.get(Modality.TEXT) if self._shares_prefix else None
        with self.forward_precision():
            prefix = self._passes.prefix(tokens, tokens.present)
            losses = self._passes.losses_after(prefix, tokens, tokens.present)
            if sharing is not None:
                text_losses = self._passes.losses_after(prefix, tokens, sharing.seen)
        loss = Loss(losses.detach().sum(), tokens.label_count)
        clean = by_post(losses, keep_graph=sharing is not None)
        if sharing is not None:
            of_view[Modality.TEXT] = by_post(text_losses)
        # The graph so far is done with; the other views build theirs in the memory it leaves.
        del prefix, losses
        for modality in masked.keys() - of_view.keys():
            which = masked[modality].which
            with self.forward_precision():
                losses = self._passes.losses(tokens.rows(which), masked[modality].seen[which])
            of_view[modality] = by_post(losses, which)
        return loss, clean, of_view

    def _note(self, ids: Sequence[str], masked: _MaskedViews, found: _Cosines) -> None:
        """Moves the strides on."""
        progression, tau = self._settings.progression, self._settings.tau
        for modality in Modality:
            rows = masked[modality].rows.tolist() if modality in masked else [False] * len(ids)
            for number, (post, was_made) in enumerate(zip(ids, rows, strict=True)):
                if was_made:
                    cosine = found[modality][number]
                    self._strides.made(
                        post,
                        modality,
                        progression,
                        epoch=self._epoch,
                        cosine=cosine,
                        kept=cosine >= tau[modality],
                    )
                else:
                    self._strides.visited(post, modality, progression)


def _has_dropout(language_model: nn.Module) -> bool:
    attention_dropout = getattr(language_model.config, "attention_dropout", 0.0)
    of_modules = (one.p for one in language_model.modules() if isinstance(one, nn.Dropout))
    return max([attention_dropout, *of_modules]) > 0
