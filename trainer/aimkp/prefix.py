"""The prefix that views share: its keys and values, computed once, with their gradient.

Both classes stand where transformers takes a cache. One is filled by a forward pass over the
prefix, the other reads it in passes over suffixes, which so see the same prefix and not each
other. A layer that is computed again in a backward pass (gradient checkpointing) finds and leaves
everything as it was.
"""

from __future__ import annotations

from torch import Tensor, cat


class PrefixCompleteSignal(Exception):  # noqa: N818 - no error, but the end
    """The last layer's keys and values are known; the rest of the pass would be for nobody."""


class PrefixStates:
    """Keeps the keys and values (B, heads, P, width) of each layer as they come by."""

    def __init__(self, last_layer: int | None) -> None:
        """Ends the pass by PrefixCompleteSignal once those of `last_layer` have come, if given."""
        self._last_layer = last_layer
        self._layers: dict[int, tuple[Tensor, Tensor]] = {}

    def update(self, keys: Tensor, values: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """What a layer of the prefix shall attend to: its own keys and values."""
        # A layer computed again must not replace those that the suffixes' graphs hang on.
        self._layers.setdefault(layer, (keys, values))
        if layer == self._last_layer:
            raise PrefixCompleteSignal
        return keys, values

    def of(self, layer: int) -> tuple[Tensor, Tensor]:
        return self._layers[layer]


class Continuation:
    """Puts a prefix before what each layer of a suffix attends to."""

    def __init__(self, prefix: PrefixStates) -> None:
        self._prefix = prefix

    def update(self, keys: Tensor, values: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """What a layer of a suffix shall attend to: the prefix, then its own."""
        before_keys, before_values = self._prefix.of(layer)
        return cat([before_keys, keys], dim=2), cat([before_values, values], dim=2)
