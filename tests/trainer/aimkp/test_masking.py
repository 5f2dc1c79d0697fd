"""What masked views keep, and that nothing leaks from what they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from model_store.base import Base
from model_store.prompt import IGNORED, Batch
from tests.tiny_models import FAMILIES
from tests.trainer.examples import encode, mixed_posts, trainable_base, training_set
from trainer.aimkp.masking import kept_patches, kept_text
from trainer.aimkp.passes import Passes
from trainer.aimkp.projection import Projection
from trainer.aimkp.tokens import Tokens


@pytest.mark.parametrize(
    ("stride", "kept"),
    [(1, [0, 1, 2, 3, 4]), (2, [1, 3]), (3, [2]), (4, [3]), (5, [4]), (6, [4]), (64, [4])],
)
def test_the_last_token_of_each_stride_stays(stride: int, kept: list[int]) -> None:
    text = torch.tensor([[False, True, True, True, True, True, False]])
    found = kept_text(text, [stride])[0]
    assert (found[1:6].nonzero().flatten().tolist(), found[0], found[6]) == (kept, True, True)


def test_a_text_that_lies_in_pieces_is_counted_through() -> None:
    text = torch.tensor([[True, True, True, False, False, True, True, True]])
    kept = kept_text(text, [2])[0] & text[0]
    assert kept.nonzero().flatten().tolist() == [1, 5, 7]


@pytest.mark.parametrize(
    ("stride", "kept"),
    [(1, list(range(12))), (2, [5, 7]), (3, [10]), (4, [11]), (5, [11])],
)
def test_the_last_row_and_column_of_each_stride_stays(stride: int, kept: list[int]) -> None:
    """A grid of three rows and four columns; a stride longer than its short side keeps the end."""
    image = torch.ones(1, 12, dtype=torch.bool)
    grid = torch.arange(12).view(3, 4)
    found = kept_patches(image, [[grid]], [stride])
    assert found[0].nonzero().flatten().tolist() == kept


@pytest.mark.parametrize("family", FAMILIES)
def test_each_grid_of_a_picture_is_masked_by_itself_and_markers_stay(
    tmp_path: Path, family: str
) -> None:
    base = trainable_base(tmp_path, family)
    batch = encode(base, list(training_set(tmp_path, mixed_posts(1))))
    image = base.family.image_positions(batch.inputs)
    grids = base.family.patch_grids(batch.inputs)
    kept = kept_patches(image, grids, [2])
    assert kept[~image].all()
    assert int((kept & image).sum()) == sum((g.shape[0] // 2) * (g.shape[1] // 2) for g in grids[0])
    assert len(grids[0]) == (5 if family == "idefics3" else 1)


Change = Callable[[Base, Batch, int], Batch]


def change_token(base: Base, batch: Batch, position: int) -> Batch:
    ids = batch.inputs["input_ids"].clone()
    ids[0, position] = 7 if ids[0, position] != 7 else 8
    return replace(batch, inputs={**batch.inputs, "input_ids": ids})


def change_pixels(base: Base, batch: Batch, position: int) -> Batch:
    """Changes the pixels behind the patch at this position."""
    before = base.family.vision_states(base.model, batch.inputs)
    wanted = int(base.family.image_positions(batch.inputs)[0, :position].sum())
    pixels = batch.inputs["pixel_values"]
    flat = pixels.reshape(-1)
    for start in range(0, flat.numel(), 4):
        changed = flat.clone()
        changed[start : start + 4] += 3.0
        inputs = {**batch.inputs, "pixel_values": changed.view_as(pixels)}
        after = base.family.vision_states(base.model, inputs)
        moved = (after - before).abs().amax(1).nonzero().flatten().tolist()
        if moved == [wanted]:
            return replace(batch, inputs=inputs)
    raise AssertionError("no pixels belong to this patch alone")


def losses(base: Base, batch: Batch, seen: Tensor) -> Tensor:
    with torch.no_grad():
        projection = Projection(base.model, base.family, batch.inputs)
        tokens = Tokens.of(base.model, base.family, batch, projection.features)
        return Passes(base.model, base.family).losses(tokens, seen)


def blinkered(base: Base) -> None:
    """Stops the tower from mixing patches, so that a pixel can reach the model by one alone."""
    for name, parameter in base.model.named_parameters():
        if ("vision" in name or "visual" in name) and ("out_proj" in name or "attn.proj" in name):
            parameter.data.zero_()


def learn_all_after(batch: Batch, start: int) -> Batch:
    """Labels on every token from `start` on: the loss then speaks of all logits there."""
    labels = torch.full_like(batch.inputs["input_ids"], IGNORED)
    labels[:, start:] = batch.inputs["input_ids"][:, start:]
    return replace(batch, labels=labels)


@pytest.mark.parametrize("modality", ["text", "image"])
@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_leaks_from_a_masked_token_or_pixel(
    tmp_path: Path, family: str, modality: str
) -> None:
    base = trainable_base(tmp_path, family, dtype=torch.float64)
    blinkered(base)
    batch = encode(base, list(training_set(tmp_path, mixed_posts(1))))
    present = batch.inputs["attention_mask"].bool()
    in_text = batch.text_positions[0].nonzero().flatten()
    if modality == "text":
        kept, positions = kept_text(batch.text_positions, [2]), in_text
        batch = learn_all_after(batch, int(in_text[-1]) + 2)
        change: Change = change_token
    else:
        image = base.family.image_positions(batch.inputs)
        kept = kept_patches(image, base.family.patch_grids(batch.inputs), [2])
        positions = image[0].nonzero().flatten()
        batch = learn_all_after(batch, int(in_text[0]) + 1)
        change = change_pixels
    masked = [int(p) for p in positions if not kept[0, p]][:3]
    shown = [int(p) for p in positions if kept[0, p]][:3]
    before = losses(base, batch, kept & present)
    for position in masked:
        assert torch.equal(losses(base, change(base, batch, position), kept & present), before)
    for position in shown:
        assert not torch.equal(losses(base, change(base, batch, position), kept & present), before)
