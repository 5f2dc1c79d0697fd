"""Keys and values of prompts and of the beams after them, a row for each post.

The beams of a post share its prompt and much of what follows. So the tokens of all its beams lie in
the post's row, and a mask says which of them a beam sees (tree attention; Miao et al., "SpecInfer",
arXiv 2305.09781). When beams fork or are given up, the mask changes and no key is copied; and where
a token lies that no beam sees any more, another takes its place.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad


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
        self._prompt = 0
        self._used = 0
        self._places: Tensor | None = None

    def update(self, keys: Tensor, values: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Takes in (B, heads, T, width) of a layer; gives all that the layer has by now."""
        if self._states is None:
            rows, heads, length, width = keys.shape
            shape = (self._layers, 2, rows, heads, length + self._room, width)
            self._states = keys.new_empty(shape)
            self._prompt = self._used = length
        of_layer = self._states[layer, :, :, :, : self._used]
        for kept, new in zip(of_layer, (keys, values), strict=True):
            if self._places is None:
                kept.copy_(new)
            else:
                row = torch.arange(len(new), device=new.device).unsqueeze(1)
                kept[row, :, self._places] = new.transpose(1, 2)
        return of_layer[0], of_layer[1]

    def place(self, slots: Tensor, width: int) -> None:
        """Says where in the rows, behind the prompt, the next tokens (B, tokens) shall lie.

        `width`: slots of a row that are in use, or were.
        """
        used = self._prompt + width
        if self._states is not None and used > self._used:
            # Not all rows write to them at once, and what is masked must still be finite.
            self._states[:, :, :, :, self._used : used] = 0
            self._used = used
        self._places = self._prompt + slots

    def keep(self, rows: Tensor) -> None:
        """Forgets all rows but these, which are given in ascending order."""
        if self._states is not None:
            used = self._states[:, :, :, :, : self._used]
            for place, row in enumerate(rows.tolist()):
                if place < row:
                    used[:, :, place] = used[:, :, row]
            self._states = self._states[:, :, : len(rows)]


class BeamTree:
    """Which of the slots behind the prompt each beam sees, and where its next token goes."""

    def __init__(self, rows: int, beams: int, device: torch.device) -> None:
        self.visible = torch.zeros(rows, beams, 0, dtype=torch.bool, device=device)
        """(B, beams, slots)."""
        self.slots = torch.zeros(rows, beams, dtype=torch.long, device=device)
        """Of each beam's last token, (B, beams)."""

    def grow(self, rows: Tensor, parents: Tensor) -> None:
        """Adds a token to each beam of these rows, the only ones left.

        A beam sees what its parent, the beam (rows, beams) it goes on from, has seen, and itself.
        Of slots there are never more than beams times steps, as each is seen by some beam.
        """
        seen = self.visible[rows.unsqueeze(1), parents]
        beams = seen.shape[1]
        free = ~seen.any(dim=1)
        missing = max(beams - int(free.sum(dim=1).min()), 0)
        seen, free = pad(seen, (0, missing)), pad(free, (0, missing), value=True)
        self.slots = free.byte().argsort(dim=1, descending=True, stable=True)[:, :beams]
        self.visible = seen.scatter(2, self.slots.unsqueeze(2), True)
