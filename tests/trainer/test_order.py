"""Who learns what, and when."""

import numpy as np
import pytest

from trainer.order import Order


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_every_row_is_seen_once_an_epoch_whatever_the_workers(workers: int) -> None:
    order = Order(posts=23, batch_size=5, seed=1)
    seen = [
        row
        for number in range(order.batches)
        for rank in range(workers)
        for row in order.share(0, number, rank, workers)
    ]
    assert sorted(seen) == list(range(23))


def test_the_global_batches_do_not_depend_on_the_workers() -> None:
    order = Order(posts=23, batch_size=5, seed=1)
    for number in range(order.batches):
        shares = [order.share(0, number, rank, 3) for rank in range(3)]
        assert set(np.concatenate(shares)) == set(order.batch(0, number))


def test_epochs_and_seeds_shuffle_differently_and_again_the_same() -> None:
    order = Order(posts=50, batch_size=50, seed=1)
    assert list(order.batch(0, 0)) != list(order.batch(1, 0))
    assert list(order.batch(0, 0)) != list(Order(posts=50, batch_size=50, seed=2).batch(0, 0))
    assert list(order.batch(3, 0)) == list(Order(posts=50, batch_size=50, seed=1).batch(3, 0))
