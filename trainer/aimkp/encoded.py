"""Posts that are encoded once for all their views, and the gradients of these, post by post."""

from __future__ import annotations

from torch import Tensor
from transformers import PreTrainedModel

from model_store.families import Family
from model_store.prompt import Batch
from trainer.aimkp.projection import Projection
from trainer.aimkp.tokens import Tokens
from trainer.aimkp.view_gradients import Gradients, Recorder


class EncodedPosts:
    """A batch whose pictures have been through the tower and the projector."""

    tokens: Tokens
    """What every view's graph begins with."""

    def __init__(
        self, model: PreTrainedModel, family: Family, recorder: Recorder, batch: Batch
    ) -> None:
        self._recorder = recorder
        self._image_positions = family.image_positions(batch.inputs)
        self._projection = Projection(model, family, batch.inputs)
        self.tokens = Tokens.of(model, family, batch, self._projection.features)

    def gradients(
        self, losses: Tensor, which: Tensor | None = None, *, keep_graph: bool = False
    ) -> Gradients:
        """Gradients, by post, of all trained parameters that the batch has to do with.

        `losses` are those of one view of each post, or of the posts whose numbers are in `which`.
        """
        posts = len(self.tokens.targets)
        gradients = self._recorder.backward(
            losses.sum(), rows=posts, which=which, keep_graph=keep_graph
        )
        reached, self.tokens.embeds.grad = self.tokens.embeds.grad, None
        if reached is not None:
            gradients |= self._projection.gradients(reached[self._image_positions])
        return gradients
