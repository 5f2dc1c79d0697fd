"""The features that alignment heads read: pooled states of a picture, and of a text by itself.

A text is passed without a picture in its context, so that its vector says nothing of one, and
through the first layers of the language model alone: those know its words, and it costs less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from model_store.families import Family, causal_visibility

_DEPTH = 0.8
"""Share of the language model's layers that a text goes through, where nobody says otherwise."""


def usual_text_layer(model: PreTrainedModel, family: Family) -> int:
    """See `_DEPTH`."""
    return round(_DEPTH * len(family.language_model(model).layers))


def forward_precision(model: PreTrainedModel) -> torch.autocast:
    """For passes of a model that may be bf16 with parts in fp32, as it is while it is trained."""
    mixed = model.dtype == torch.bfloat16
    return torch.autocast(model.device.type, torch.bfloat16, enabled=mixed)


def picture_features(model: PreTrainedModel, family: Family, states: Tensor) -> Tensor:
    """Features (width,) of one picture with tower states (N, ..): these and its image tokens,
    each averaged. A gradient reaches the projector."""
    tokens = family.project(model, states)
    return torch.cat([_mean(states), _mean(tokens)])


def text_features(
    model: PreTrainedModel,
    family: Family,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[Sequence[int]],
    layer: int,
) -> Tensor:
    """Features (B, hidden) of texts given as tokens, none of them empty: the mean of their states.

    Before each text stands the token that opens a sequence. It is not part of the mean: language
    models keep on it what has nothing to do with the text.
    """
    opening = tokenizer.bos_token_id
    if opening is None:
        opening = tokenizer.eos_token_id
    device = model.device
    rows = [torch.tensor([opening, *text], device=device) for text in texts]
    input_ids = pad_sequence(rows, batch_first=True, padding_value=opening)
    lengths = torch.tensor([len(row) for row in rows], device=device)
    mask = (torch.arange(input_ids.shape[1], device=device) < lengths[:, None]).long()
    inputs = {
        "input_ids": input_ids,
        "attention_mask": mask,
        **family.token_inputs(input_ids),
    }
    states = _exact(_states(model, family, inputs, layer))
    counted = mask.clone()
    counted[:, 0] = 0
    return (states * counted.unsqueeze(-1)).sum(1) / counted.sum(1, keepdim=True)


def _mean(states: Tensor) -> Tensor:
    return _exact(states.reshape(-1, states.shape[-1])).mean(0)


def _exact(states: Tensor) -> Tensor:
    """In fp32 at least."""
    return states.to(torch.promote_types(states.dtype, torch.float32))


def _states(
    model: PreTrainedModel, family: Family, inputs: dict[str, Tensor], layer: int
) -> Tensor:
    """What enters a layer of the language model, counted from 0, or what leaves the last."""
    embeds = family.inputs_embeds(model, inputs, None)
    layers = family.language_model(model).layers
    if layer == 0:
        return embeds
    passed = (
        *(model, embeds),
        causal_visibility(inputs["attention_mask"]),
        family.position_ids(model, inputs),
    )
    if layer >= len(layers):
        return family.hidden_states(*passed)
    hook = layers[layer].register_forward_pre_hook(_stop)
    try:
        family.hidden_states(*passed)
    except _ReachedSignal as reached:
        return reached.states
    finally:
        hook.remove()
    raise AssertionError("unreachable")


class _ReachedSignal(Exception):  # noqa: N818 - nothing is wrong
    """The layer that was waited for is about to begin."""

    def __init__(self, states: Tensor) -> None:
        super().__init__()
        self.states = states


def _stop(_layer: Any, arguments: tuple[Any, ...]) -> None:
    raise _ReachedSignal(arguments[0])
