"""One update, however its batch is cut and spread: checked in fp64."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, multiprocessing
from torch.optim import SGD

from model_store.base import Base
from posts.errors import JobError
from tests.trainer.examples import encode, mixed_posts, trainable_base, training_set
from trainer.checkpoint import copy_weights, trainable_parameters
from trainer.order import Order
from trainer.step import StandardStep
from trainer.training_set import TrainingSet
from trainer.update import GlobalLoss, apply_update

POSTS = 7


@pytest.fixture
def examples(tmp_path: Path) -> TrainingSet:
    return training_set(tmp_path, mixed_posts(POSTS))


def double_base(folder: Path) -> Base:
    return trainable_base(folder, dtype=torch.float64)


def update(
    base: Base, examples: TrainingSet, micro_batch_size: int, rank: int = 0, workers: int = 1
) -> tuple[dict[str, Tensor], GlobalLoss]:
    """The weights after one worker's part of an update with all posts."""
    # Plain descent: AdamW's first step would hide the length of the gradient.
    optimizer = SGD(trainable_parameters(base.model).values(), lr=0.1)
    step = StandardStep(base.model, base.family)
    rows = Order(posts=POSTS, batch_size=POSTS, seed=0).share(0, 0, rank, workers).tolist()
    losses = [
        step(encode(base, [examples[row] for row in rows[start : start + micro_batch_size]]))
        for start in range(0, len(rows), micro_batch_size)
    ]
    loss = apply_update(optimizer, losses, max_grad_norm=0.5)
    return copy_weights(base.model), loss


def test_micro_batches_make_the_update_of_the_whole_batch(
    tmp_path: Path, examples: TrainingSet
) -> None:
    whole, whole_loss = update(double_base(tmp_path), examples, POSTS)
    cut, cut_loss = update(double_base(tmp_path), examples, 3)
    assert cut_loss.mean == pytest.approx(whole_loss.mean, abs=1e-12)
    assert cut_loss.tokens == whole_loss.tokens
    for name, weights in whole.items():
        torch.testing.assert_close(cut[name], weights, rtol=0, atol=1e-12)


def test_a_long_gradient_is_clipped(tmp_path: Path, examples: TrainingSet) -> None:
    before = copy_weights(double_base(tmp_path).model)
    after, _ = update(double_base(tmp_path), examples, POSTS)
    moved = torch.cat([(after[name] - before[name]).flatten() for name in before])
    assert float(moved.norm()) == pytest.approx(0.1 * 0.5, rel=1e-5)


def _worker(rank: int, workers: int, folder: Path, posts: Path) -> None:
    torch.set_num_threads(1)
    # Before the group is made: in one, only the first process saves a model.
    base = double_base(folder / str(rank))
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=workers
    )
    weights, loss = update(base, TrainingSet(posts), 2, rank, workers)
    torch.save((weights, tuple(loss)), folder / f"{rank}.pt")
    distributed.destroy_process_group()


def test_two_workers_make_the_update_of_one(tmp_path: Path, examples: TrainingSet) -> None:
    alone, alone_loss = update(double_base(tmp_path), examples, POSTS)
    multiprocessing.spawn(_worker, (2, tmp_path, examples.path), nprocs=2)
    for rank in range(2):
        weights, loss = torch.load(tmp_path / f"{rank}.pt")
        assert GlobalLoss(*loss).mean == pytest.approx(alone_loss.mean, abs=1e-12)
        for name, expected in alone.items():
            torch.testing.assert_close(weights[name], expected, rtol=0, atol=1e-12)


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
