"""Masking: which tokens of a post each of its masked views keeps.

A stride of n keeps the last of every n: of the tokens of the post's own text, or of the rows and
of the columns of each grid of patches. A stride longer than the text, or than a side of the grid,
keeps the very last token or patch. A stride of 1 keeps everything.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def kept_text(text_positions: Tensor, strides: Sequence[int]) -> Tensor:
    """Which tokens a text-masked view keeps, bool (B, T): all but some of the post's own text.

    `text_positions`, bool (B, T), says which those are; there is a stride for each row.
    """
    stride = torch.tensor(strides, device=text_positions.device).unsqueeze(1)
    rank = text_positions.cumsum(1)
    length = text_positions.sum(1, keepdim=True)
    last_of_stride = torch.where(stride > length, rank == length, rank % stride == 0)
    return ~text_positions | last_of_stride


def kept_patches(
    image_positions: Tensor, grids: Sequence[Sequence[Tensor]], strides: Sequence[int]
) -> Tensor:
    """Which tokens an image-masked view keeps, bool (B, T): all but some of the patches.

    `image_positions`, bool (B, T), says where the patches lie, and `grids` has for each row its
    grids, token positions of shape (rows, columns), as `Family.patch_grids` gives them; there is a
    stride for each row.
    """
    kept = ~image_positions
    for row, (of_row, stride) in enumerate(zip(grids, strides, strict=True)):
        for grid in of_row:
            masked = stride > min(grid.shape)
            some = grid[-1:, -1:] if masked else grid[stride - 1 :: stride, stride - 1 :: stride]
            kept[row, some.flatten()] = True
    return kept
