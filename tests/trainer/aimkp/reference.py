"""The plain algorithm: one post at a time, one forward and one backward pass for each view.

Written straight from the description, through the model's own forward pass, and shares no code
with the step it is there to check. For tests and benchmarks only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from model_store.families import Family
from model_store.prompt import Batch


@dataclass
class Seen:
    """What one visit of one post was like."""

    loss: float
    """Summed over the label tokens, of the clean view."""
    cosine: dict[str, float] = field(default_factory=dict)
    kept: dict[str, bool] = field(default_factory=dict)
    stride: dict[str, int] = field(default_factory=dict)


@dataclass
class Reference:
    """The loop over posts, with its strides."""

    model: PreTrainedModel
    family: Family
    tau: dict[str, float] = field(default_factory=lambda: {"image": 0.4, "text": 0.1})
    joint: str = "mean"
    after_failure: str = "adapt"
    strides: dict[tuple[str, str], int] = field(default_factory=dict)
    frozen: set[tuple[str, str]] = field(default_factory=set)

    def visit(self, post: str, batch: Batch) -> Seen:
        """Adds the gradient of a post, alone in its batch, summed over its label tokens."""
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        before = [p.grad for p in parameters]
        mask = batch.inputs["attention_mask"]
        clean, loss = self._gradient(batch, mask, parameters)
        seen, views = Seen(loss), [clean]
        for modality, positions in self._positions(batch).items():
            key = (post, modality)
            stride = self.strides.get(key, 1)
            seen.stride[modality] = stride
            if stride == 1:
                self.strides[key] = 2
                continue
            if not positions:
                continue
            masked = mask.clone()
            for position in positions:
                masked[0, position] = 0
            for position in self._survivors(batch, modality, positions, stride):
                masked[0, position] = 1
            gradient, _ = self._gradient(batch, masked, parameters)
            cosine = _cosine(clean, gradient)
            kept = cosine >= self.tau[modality]
            seen.cosine[modality], seen.kept[modality] = cosine, kept
            if kept:
                views.append(gradient)
            if key not in self.frozen:
                self.strides[key] = 2 * stride if kept else max(2, stride // 2)
                if not kept and self.after_failure == "freeze":
                    self.frozen.add(key)
        divisor = len(views) if self.joint == "mean" else 1
        for number, parameter in enumerate(parameters):
            joint = sum(view[number] for view in views) / divisor
            parameter.grad = joint if before[number] is None else before[number] + joint
        return seen

    def _gradient(self, batch: Batch, mask: Tensor, parameters) -> tuple[list[Tensor], float]:
        for parameter in parameters:
            parameter.grad = None
        inputs = {**batch.inputs, "attention_mask": mask}
        output = self.model(
            **inputs,
            position_ids=self.family.position_ids(self.model, batch.inputs),
            use_cache=False,
        )
        # The model's own loss would round fp64 logits to fp32.
        logits, labels = output.logits[0, :-1], batch.labels[0, 1:]
        loss = functional.cross_entropy(logits, labels, ignore_index=-100, reduction="sum")
        loss.backward()
        gradient = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        return gradient, loss.item()

    def _positions(self, batch: Batch) -> dict[str, list[int]]:
        is_image = batch.inputs["input_ids"][0] == self.model.config.image_token_id
        return {
            "image": is_image.nonzero().flatten().tolist(),
            "text": batch.text_positions[0].nonzero().flatten().tolist(),
        }

    def _survivors(self, batch: Batch, modality: str, positions: list[int], stride: int):
        if modality == "text":
            yield from positions[stride - 1 :: stride] or positions[-1:]
            return
        for height, width, grid in self._grids(batch, positions):
            if stride > height or stride > width:
                yield grid[-1]
                continue
            for number, position in enumerate(grid):
                row, column = divmod(number, width)
                if (row + 1) % stride == 0 and (column + 1) % stride == 0:
                    yield position

    def _grids(self, batch: Batch, positions: list[int]):
        config = self.model.config
        if config.model_type.startswith("qwen2"):
            merge = config.vision_config.spatial_merge_size
            _, height, width = batch.inputs["image_grid_thw"][0].tolist()
            yield height // merge, width // merge, positions
            return
        side = config.vision_config.image_size // config.vision_config.patch_size
        side //= getattr(config, "scale_factor", 1)
        for start in range(0, len(positions), side * side):
            yield side, side, positions[start : start + side * side]


def _cosine(one: list[Tensor], other: list[Tensor]) -> float:
    def inner(a, b):
        products = [torch.dot(x.flatten(), y.flatten()) for x, y in zip(a, b, strict=True)]
        return torch.stack(products).double().sum()

    norms = (inner(one, one) * inner(other, other)).sqrt().item()
    return inner(one, other).item() / norms if norms else 0.0
