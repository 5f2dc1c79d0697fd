"""The checkpoint: all a run needs to go on as if it had never stopped.

    weights.safetensors      the trainable weights
    optimizer.safetensors    AdamW's moments and counts
    best.safetensors         the trainable weights of the best epoch so far, if one has ended
    state.json               how far the run is
    strides.parquet          how coarsely each post is masked next, and how its views have fared
    alignment.safetensors    what alignment knows beside weights: teacher and queue; if it is on
    insight.jsonl            for people: a line per finished epoch, see `trainer.insight_files`
    insight.png              the same, drawn

Learning rates, shuffles and dropout masks follow from the count of updates and the seed, so no
schedule or random state need be kept. Nothing is a pickle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import Module, Parameter
from torch.optim import Optimizer

from posts.errors import JobError
from trainer.aimkp.strides import Strides
from trainer.insight_files import write_insight

Weights = dict[str, Tensor]

_WEIGHTS = "weights.safetensors"
_OPTIMIZER = "optimizer.safetensors"
_BEST = "best.safetensors"
_STATE = "state.json"
_STRIDES = "strides.parquet"
_ALIGNMENT = "alignment.safetensors"


@dataclass(kw_only=True)
class TrainState:
    """How far a run is."""

    update: int = 0
    """Updates done."""
    loss_total: float = 0.0
    """Summed loss of the epoch so far."""
    loss_tokens: int = 0
    """Label tokens of the epoch so far."""
    alignment_losses: list[float] = field(default_factory=list)
    """Of the updates of the epoch so far; empty without alignment."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """Per finished epoch: its number from 1, mean training loss, validation scores, and its masked
    views as `trainer.aimkp.insight` gives them (None if there was none)."""
    best_epoch: int = 0
    """Number of the best epoch so far; 0 before the first has ended."""
    best_selection: float = 0.0
    """What that epoch was selected by."""
    strides: Strides = field(default_factory=Strides)
    """Of all posts; empty if the method has none."""


def trainable_parameters(model: Module) -> dict[str, Parameter]:
    """The parameters that are trained, by name."""
    return {name: one for name, one in model.named_parameters() if one.requires_grad}


def copy_weights(model: Module) -> Weights:
    """The trainable weights, copied to main memory."""
    return {name: one.detach().cpu().clone() for name, one in trainable_parameters(model).items()}


def fill_weights(model: Module, weights: Mapping[str, Tensor]) -> None:
    """Inverse of `copy_weights`; JobError unless the names are exactly the model's."""
    parameters = trainable_parameters(model)
    if parameters.keys() != weights.keys():
        raise JobError("the checkpoint is not of this model; remove it to train from the start")
    for name, parameter in parameters.items():
        parameter.data.copy_(weights[name])


def save_checkpoint(
    folder: Path,
    model: Module,
    optimizer: Optimizer,
    state: TrainState,
    best: Weights | None,
    alignment: Weights | None = None,
) -> None:
    """Writes a checkpoint to an existing folder; `alignment` is `AlignmentObjective.state`."""
    save_file(copy_weights(model), folder / _WEIGHTS)
    save_file(_moments(model, optimizer), folder / _OPTIMIZER)
    if best is not None:
        save_file(best, folder / _BEST)
    told = {one.name: getattr(state, one.name) for one in fields(state) if one.name != "strides"}
    (folder / _STATE).write_text(json.dumps(told))
    pq.write_table(state.strides.to_table(), folder / _STRIDES)
    if alignment is not None:
        save_file(alignment, folder / _ALIGNMENT)
    write_insight(folder, state.history)


def load_alignment(folder: Path) -> Weights:
    """What a checkpoint has of alignment; JobError if it has nothing."""
    if not (folder / _ALIGNMENT).exists():
        raise JobError("the checkpoint knows no alignment; remove it to train from the start")
    return load_file(folder / _ALIGNMENT)


def load_checkpoint(
    folder: Path, model: Module, optimizer: Optimizer
) -> tuple[TrainState, Weights | None]:
    """Fills model and optimizer; gives the state and the best epoch's weights, if there are any."""
    fill_weights(model, load_file(folder / _WEIGHTS))
    _fill_moments(model, optimizer, load_file(folder / _OPTIMIZER))
    strides = Strides.from_table(pq.read_table(folder / _STRIDES))
    state = TrainState(**json.loads((folder / _STATE).read_text()), strides=strides)
    best = load_file(folder / _BEST) if (folder / _BEST).exists() else None
    return state, best


def _moments(model: Module, optimizer: Optimizer) -> Weights:
    return {
        f"{name}/{kind}": value.detach().cpu().contiguous()
        for name, parameter in trainable_parameters(model).items()
        for kind, value in optimizer.state.get(parameter, {}).items()
    }


def _fill_moments(model: Module, optimizer: Optimizer, moments: Mapping[str, Tensor]) -> None:
    parameters = trainable_parameters(model)
    for key, value in moments.items():
        name, _, kind = key.rpartition("/")
        # AdamW keeps its counts in main memory and its moments beside the weights.
        device = "cpu" if kind == "step" else parameters[name].device
        optimizer.state[parameters[name]][kind] = value.to(device)
