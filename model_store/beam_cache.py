"""Keys and values of prompts and of the beams after them, a row for each post.

The beams of a post share its prompt and much of what follows. So all tokens that any beam has tried
lie one after the other in the post's row, and a mask says which of them a beam sees (tree
attention; Miao et al., "SpecInfer", arXiv 2305.09781). When beams fork or are given up, the mask
changes and no key is copied.
"""

from __future__ import annotations

import torch
from torch import Tensor


class BeamCache:
    """Stands where transformers takes a cache; the first pass is that over the prompts."""

    def __init__(self, *, layers: int, room: int) -> None:
        """`room`: how many tokens may follow the prompt, over all beams and steps."""
        self._layers = layers
        self._room = room
        self._states: Tensor | None = None
        """Keys and values of all layers, (layers, 2, B, heads, T, width), with room left in T.

        All in one piece: memory that nothing was written to yet costs nothing, but that of many
        pieces would be given out from between what the passes leave behind.
        """
        self._lengths = [0] * layers

    def update(self, keys: Tensor, values: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Appends (B, heads, T, width) to a layer's; gives all that the layer has by now."""
        if self._states is None:
            rows, heads, length, width = keys.shape
            self._states = keys.new_empty(self._layers, 2, rows, heads, length + self._room, width)
        start = self._lengths[layer]
        end = self._lengths[layer] = start + keys.shape[2]
        of_layer = self._states[layer, :, :, :, :end]
        of_layer[0, :, :, start:] = keys
        of_layer[1, :, :, start:] = values
        return of_layer[0], of_layer[1]

    def keep(self, rows: Tensor) -> None:
        """Forgets all rows but these, which are given in ascending order."""
        if self._states is not None:
            used = self._states[:, :, :, :, : max(self._lengths)]
            for place, row in enumerate(rows.tolist()):
                if place < row:
                    used[:, :, place] = used[:, :, row]
            self._states = self._states[:, :, : len(rows)]


class BeamTree:
    """Which of the tokens behind the prompt each beam sees, (B, beams, tokens)."""

    def __init__(self, rows: int, beams: int, device: torch.device) -> None:
        self.visible = torch.zeros(rows, beams, 0, dtype=torch.bool, device=device)
        self._itself = torch.eye(beams, dtype=torch.bool, device=device)

    def grow(self, rows: Tensor, parents: Tensor) -> Tensor:
        """Adds a token to each beam of these rows, the only ones left.

        A beam sees what its parent, the beam (rows, beams) it goes on from, has seen, and itself.
        """
        seen = self.visible[rows.unsqueeze(1), parents]
        self.visible = torch.cat([seen, self._itself.expand(len(rows), -1, -1)], dim=2)
        return self.visible
