"""Vectors gathered over workers: their gradients, summed, are those of one big batch; fp64."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, multiprocessing, nn

from trainer.alignment.gather import gather, sum_over_workers
from trainer.alignment.loss import ContrastiveLoss
from trainer.alignment.vectors import Vectors

POSTS, WORKERS = 7, 3


def gradients(rows: slice) -> list[Tensor]:
    """Of the weights of two small heads, after one worker's part in the loss of all posts."""
    torch.manual_seed(0)
    heads = [nn.Linear(5, 4).double() for _ in range(2)]
    features = [torch.randn(POSTS, 5, dtype=torch.float64) for _ in range(2)]
    teacher = [nn.functional.normalize(one, dim=-1)[rows] for one in features]
    own = Vectors.of(
        torch.arange(POSTS)[rows],
        *(
            nn.functional.normalize(head(one[rows]), dim=-1)
            for head, one in zip(heads, features, strict=True)
        ),
        (teacher[0], teacher[1]),
    )
    everyone, mine = gather(own)
    leaves = [one.requires_grad_() for one in (everyone.pictures, everyone.texts)]
    ContrastiveLoss(temperature=0.2)(everyone, alpha=0.5).backward()
    torch.autograd.backward([own.pictures, own.texts], [leaf.grad[mine] for leaf in leaves])
    return [parameter.grad for head in heads for parameter in head.parameters()]


def work(rank: int, folder: Path) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=WORKERS
    )
    # The last one has no row, and the first more than the second.
    rows = [slice(0, 5), slice(5, POSTS), slice(POSTS, POSTS)][rank]
    summed = gradients(rows)
    for one in summed:
        distributed.all_reduce(one)
    total = sum_over_workers(rank + 0.5, torch.device("cpu"))
    if rank == 0:
        torch.save([summed, total], folder / "summed.pt")
    distributed.destroy_process_group()


def test_workers_gradients_add_up_to_those_of_one_big_batch(tmp_path: Path) -> None:
    multiprocessing.spawn(work, args=(tmp_path,), nprocs=WORKERS)
    summed, total = torch.load(tmp_path / "summed.pt")

    for found, expected in zip(summed, gradients(slice(None)), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    assert total == pytest.approx(4.5)
