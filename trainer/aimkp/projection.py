"""The projection of pictures into image tokens, and its gradients picture by picture.

The projector is small and acts on each image token by itself, so each picture has a graph of its
own: whatever layers it is made of, a backward pass per picture and view gives its gradient.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor
from transformers import PreTrainedModel

from model_store.families import Family, Inputs
from trainer.aimkp.view_gradients import Gradients


class Projection:
    """The image tokens of a batch, encoded once for all views."""

    features: Tensor | None
    """(N, hidden), without a graph; None if no row has a picture."""

    def __init__(self, model: PreTrainedModel, family: Family, inputs: Inputs) -> None:
        self._projector = list(family.projector(model).parameters())
        tokens = family.image_positions(inputs).sum(1)
        self._rows = len(tokens)
        self._with_picture = tokens.nonzero().squeeze(1).tolist()
        ends = [0, *tokens[self._with_picture].cumsum(0).tolist()]
        self._spans = [slice(start, end) for start, end in pairwise(ends)]
        states = family.vision_states(model, inputs)
        self._projected: list[Tensor] = []
        self.features = None
        if states is not None:
            self._projected = [family.project(model, states[span]) for span in self._spans]
            self.features = torch.cat([one.detach() for one in self._projected])

    def gradients(self, reached: Tensor) -> Gradients:
        """The projector's gradients, by row, of losses that reach its features as (N, hidden).

        Rows without a picture are zero.
        """
        gradients = {
            parameter: parameter.new_zeros((self._rows, *parameter.shape))
            for parameter in self._projector
        }
        for row, span, projected in zip(
            self._with_picture, self._spans, self._projected, strict=True
        ):
            of_picture = torch.autograd.grad(
                projected, self._projector, reached[span].to(projected), retain_graph=True
            )
            for parameter, gradient in zip(self._projector, of_picture, strict=True):
                gradients[parameter][row] = gradient
        return gradients
