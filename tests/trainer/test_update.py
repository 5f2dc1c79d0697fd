"""One update, however its batch is cut and spread: checked in fp64."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from torch import Tensor, distributed, multiprocessing
from torch.optim import SGD, AdamW

from model_store.base import Base
from model_store.prompt import Batch
from posts.errors import JobError
from tests.trainer.examples import encode, mixed_posts, trainable_base, training_set
from trainer.aimkp.strides import Strides
from trainer.checkpoint import copy_weights, trainable_parameters
from trainer.config import METHODS, TrainConfig
from trainer.methods import make_step
from trainer.order import Order
from trainer.training_set import Example, TrainingSet
from trainer.update import GlobalLoss, apply_update

POSTS = 7
UPDATES = 4
"""As many epochs, for a batch is all posts."""


@pytest.fixture
def examples(tmp_path: Path) -> TrainingSet:
    return training_set(tmp_path, mixed_posts(POSTS))


def double_base(folder: Path) -> Base:
    return trainable_base(folder, dtype=torch.float64)


def update(
    base: Base,
    examples: TrainingSet,
    micro_batch_size: int,
    rank: int = 0,
    workers: int = 1,
    *,
    method: str = "standard",
    updates: int = 1,
) -> tuple[dict[str, Tensor], GlobalLoss, Strides]:
    """Weights, last loss and strides after one worker's part of updates with all posts."""
    # Plain descent: AdamW's first step would hide the length of the gradient.
    optimizer = SGD(trainable_parameters(base.model).values(), lr=0.1)
    strides = Strides()
    step = make_step(TrainConfig(method=method), base.model, base.family, strides=strides)
    order = Order(posts=POSTS, batch_size=POSTS, seed=0)
    for epoch in range(updates):
        rows = order.share(epoch, 0, rank, workers).tolist()
        cuts = [
            rows[start : start + micro_batch_size]
            for start in range(0, len(rows), micro_batch_size)
        ]
        step.begin_epoch(epoch + 1)
        losses = [step(*ids_and_batch(base, [examples[row] for row in cut])) for cut in cuts]
        loss = apply_update(optimizer, losses, max_grad_norm=0.5)
        strides.share()
    return copy_weights(base.model), loss, strides


def ids_and_batch(base: Base, examples: list[Example]) -> tuple[list[str], Batch]:
    return [example.id for example in examples], encode(base, examples)


def test_micro_batches_make_the_update_of_the_whole_batch(
    tmp_path: Path, examples: TrainingSet
) -> None:
    whole, whole_loss, _ = update(double_base(tmp_path), examples, POSTS)
    cut, cut_loss, _ = update(double_base(tmp_path), examples, 3)
    assert cut_loss.mean == pytest.approx(whole_loss.mean, abs=1e-12)
    assert cut_loss.tokens == whole_loss.tokens
    for name, weights in whole.items():
        torch.testing.assert_close(cut[name], weights, rtol=0, atol=1e-12)


def test_a_long_gradient_is_clipped(tmp_path: Path, examples: TrainingSet) -> None:
    before = copy_weights(double_base(tmp_path).model)
    after, *_ = update(double_base(tmp_path), examples, POSTS)
    moved = torch.cat([(after[name] - before[name]).flatten() for name in before])
    assert float(moved.norm()) == pytest.approx(0.1 * 0.5, rel=1e-5)


def _worker(rank: int, workers: int, folder: Path, posts: Path, method: str) -> None:
    torch.set_num_threads(1)
    # Before the group is made: in one, only the first process saves a model.
    base = double_base(folder / str(rank))
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=workers
    )
    weights, loss, strides = update(
        base, TrainingSet(posts), 2, rank, workers, method=method, updates=UPDATES
    )
    torch.save((weights, tuple(loss)), folder / f"{rank}.pt")
    pq.write_table(strides.to_table(), folder / f"{rank}.parquet")
    distributed.destroy_process_group()


@pytest.mark.parametrize("method", METHODS)
def test_two_workers_make_the_updates_of_one(
    tmp_path: Path, examples: TrainingSet, method: str
) -> None:
    """With AimKP the posts change workers from epoch to epoch, and their strides go with them."""
    alone, alone_loss, alone_strides = update(
        double_base(tmp_path), examples, POSTS, method=method, updates=UPDATES
    )
    multiprocessing.spawn(_worker, (2, tmp_path, examples.path, method), nprocs=2)
    for rank in range(2):
        weights, loss = torch.load(tmp_path / f"{rank}.pt")
        assert GlobalLoss(*loss).mean == pytest.approx(alone_loss.mean, abs=1e-9)
        for name, expected in alone.items():
            torch.testing.assert_close(weights[name], expected, rtol=0, atol=1e-9)
        shared = pq.read_table(tmp_path / f"{rank}.parquet").to_pylist()
        for view, expected in zip(shared, alone_strides.to_table().to_pylist(), strict=True):
            assert view == {**expected, "cosine": pytest.approx(expected["cosine"], abs=1e-9)}


def test_a_batch_without_pictures_moves_the_projector_as_its_momentum_has_it(
    tmp_path: Path, examples: TrainingSet
) -> None:
    """On one worker as on several, where the sum of no gradients is a gradient of zero."""
    base = double_base(tmp_path)
    projector = list(base.family.projector(base.model).parameters())
    optimizer = AdamW(trainable_parameters(base.model).values(), lr=0.01, weight_decay=0.0)
    step = make_step(TrainConfig(), base.model, base.family, strides=Strides())
    everything = [examples[row] for row in range(POSTS)]
    moved = []
    for some in (everything, [one for one in everything if one.image is None]):
        before = [parameter.clone() for parameter in projector]
        apply_update(optimizer, [step(*ids_and_batch(base, some))], max_grad_norm=1.0)
        pairs = zip(projector, before, strict=True)
        moved.append(all(not torch.equal(now, then) for now, then in pairs))
    assert moved == [True, True]
    assert {int(optimizer.state[parameter]["step"]) for parameter in projector} == {2}


def test_a_gradient_that_is_no_number_ends_the_run_and_changes_no_weight(tmp_path: Path) -> None:
    base = double_base(tmp_path)
    parameters = trainable_parameters(base.model)
    before = copy_weights(base.model)
    for parameter in parameters.values():
        parameter.grad = torch.full_like(parameter, torch.nan)
    with pytest.raises(JobError, match="no longer a number"):
        apply_update(SGD(parameters.values(), lr=0.1), [], max_grad_norm=0.5)
    for name, weights in copy_weights(base.model).items():
        assert torch.equal(weights, before[name])
