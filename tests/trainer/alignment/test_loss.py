"""The contrastive loss against a slow, literal one, in fp64."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from posts.errors import InputError
from tests.trainer.alignment.reference import literal_loss, literal_weights
from trainer.alignment.loss import WEIGHTINGS, ContrastiveLoss, similarity_weights
from trainer.alignment.queue import FeatureQueue
from trainer.alignment.vectors import Vectors

TAU, TAU_S = 0.2, 0.3


def some(count: int, seed: int, *, teacher: bool = True, posts: list[int] | None = None) -> Vectors:
    random = torch.Generator().manual_seed(seed)
    shapes = [(count, 6)] * 2 + [(count, 4 if teacher else 0)] * 2
    rows = [
        functional.normalize(torch.randn(*shape, dtype=torch.float64, generator=random), dim=-1)
        for shape in shapes
    ]
    numbers = posts or list(range(100 * seed, 100 * seed + count))
    return Vectors(torch.tensor(numbers), *rows)


def literal(batch: Vectors, everyone: Vectors, alpha: float, weighting: str) -> torch.Tensor:
    """The mean of both directions."""
    posts, others = batch.posts.tolist(), everyone.posts.tolist()
    total = torch.zeros((), dtype=torch.float64)
    directions = [
        (batch.pictures, everyone.texts, batch.teacher_pictures, everyone.teacher_texts),
        (batch.texts, everyone.pictures, batch.teacher_texts, everyone.teacher_pictures),
    ]
    for anchors, opposite, teacher_anchors, teacher_opposite in directions:
        weights = None
        if weighting != "infonce":
            weights = literal_weights(
                (anchors @ opposite.T).detach(),
                teacher_anchors @ teacher_opposite.T,
                *(posts, others),
                alpha=alpha,
                tau_s=TAU_S,
            )
        if weighting == "deletion":
            weights = [[float(one >= 0.25) for one in row] for row in weights or []]
        total = total + literal_loss(anchors, opposite, posts, others, tau=TAU, weights=weights)
    return total / 2


def losing(weighting: str) -> ContrastiveLoss:
    return ContrastiveLoss(weighting=weighting, temperature=TAU, weight_temperature=TAU_S)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("alpha", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("queued", [0, 5])
def test_the_loss_and_its_gradient_are_the_literal_ones(
    weighting: str, alpha: float, queued: int
) -> None:
    queue = some(queued, 2) if queued else None
    found, expected = some(7, 1), some(7, 1)
    for one in (found, expected):
        one.pictures.requires_grad_()
        one.texts.requires_grad_()
    loss = losing(weighting)(found, queue, alpha=alpha)
    everyone = expected if queue is None else Vectors.cat([expected, queue])
    slow = literal(expected, everyone, alpha, weighting)
    loss.backward()
    slow.backward()

    torch.testing.assert_close(loss, slow, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found.pictures.grad, expected.pictures.grad, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(found.texts.grad, expected.texts.grad, rtol=1e-10, atol=1e-12)


def test_infonce_is_cross_entropy_over_the_batch() -> None:
    batch, whole = some(9, 3), torch.arange(9)
    logits = batch.pictures @ batch.texts.T / TAU
    expected = functional.cross_entropy(logits, whole) + functional.cross_entropy(logits.T, whole)
    torch.testing.assert_close(losing("infonce")(batch), expected / 2)


def test_srcl_is_infonce_where_all_weights_are_equal() -> None:
    """A teacher that finds all alike, and is alone in its judgement."""
    batch = some(9, 3)
    same = torch.ones(9, 4, dtype=torch.float64) / 2
    batch = batch._replace(teacher_pictures=same, teacher_texts=same)
    torch.testing.assert_close(losing("srcl")(batch, alpha=1), losing("infonce")(batch))


@pytest.mark.parametrize("temperature", [0.001, 0.3, 1.0])
def test_the_mean_weight_of_an_anchors_negatives_is_one(temperature: float) -> None:
    batch = some(12, 4, posts=[1, 1, *range(2, 12)])
    loss = ContrastiveLoss(weight_temperature=temperature)
    negatives = batch.posts[:, None] != batch.posts[None, :]
    weights = loss.weights(batch, alpha=0.5)

    assert not weights.requires_grad
    assert weights[~negatives].abs().max() == 0
    torch.testing.assert_close(
        weights.sum(1) / negatives.sum(1), torch.ones(12, dtype=torch.float64)
    )


def test_the_more_alike_the_less_a_negative_weighs_and_as_printed_by_e_squared_at_most() -> None:
    cosines = torch.tensor([[0.0, -1.0, 0.2, 1.0]])
    negatives = torch.tensor([[False, True, True, True]])
    printed = similarity_weights(cosines, None, negatives, alpha=1, temperature=1.0)
    sharper = similarity_weights(cosines, None, negatives, alpha=1, temperature=0.25)

    for weights in (printed, sharper):
        assert weights[0, 1] > weights[0, 2] > weights[0, 3] > 0
    assert float(printed[0, 1] / printed[0, 3]) == pytest.approx(torch.e**2, rel=1e-5)
    assert float(sharper[0, 3]) < 0.12 < float(printed[0, 3])


def test_the_same_post_is_no_negative_wherever_it_stands() -> None:
    """Not twice in a batch, and not in the queue."""
    batch, rest = some(3, 5, posts=[1, 2, 3]), some(4, 6, posts=[4, 5, 6, 7])
    again = Vectors.cat([some(2, 7, posts=[1, 2]), rest])
    for weighting in WEIGHTINGS:
        one = losing(weighting)
        alone = one(batch.rows(slice(0, 1)), Vectors.cat([rest, batch.rows(slice(2, 3))]))
        with_itself = one(
            batch.rows(slice(0, 1)),
            Vectors.cat([again.rows(slice(0, 1)), rest, batch.rows(slice(2, 3))]),
        )
        torch.testing.assert_close(alone, with_itself)


def test_a_post_without_any_negative_costs_nothing() -> None:
    batch = some(1, 1)
    batch.pictures.requires_grad_()
    for weighting in WEIGHTINGS:
        loss = losing(weighting)(batch)
        assert loss.item() == 0
        loss.backward()
        assert torch.isfinite(batch.pictures.grad).all()


def test_the_queue_gives_the_gradients_of_one_big_batch() -> None:
    """Those of the anchors that are in the small batch; no gradient reaches what is queued."""
    for weighting in WEIGHTINGS:
        small, big = some(4, 1), some(4, 1)
        others, others_in_big = some(6, 2), some(6, 2)
        for one in (small, big, others_in_big):
            one.pictures.requires_grad_()
            one.texts.requires_grad_()
        queue = FeatureQueue(6)
        queue.push(others)
        losing(weighting)(small, queue.vectors, alpha=0.5).backward()
        whole = Vectors.cat([big, others_in_big.detach()])
        literal(big, whole, 0.5, weighting).backward()

        torch.testing.assert_close(small.pictures.grad, big.pictures.grad)
        torch.testing.assert_close(small.texts.grad, big.texts.grad)
        assert others_in_big.pictures.grad is None


def test_the_queue_keeps_the_posts_seen_last_and_a_checkpoint_keeps_the_queue() -> None:
    queue = FeatureQueue(5)
    assert queue.vectors is None
    assert queue.state() == {}
    for seed in (1, 2, 3):
        queue.push(some(2, seed))
    assert queue.vectors.posts.tolist() == [101, 200, 201, 300, 301]
    queue.push(some(8, 4))
    assert queue.vectors.posts.tolist() == [403, 404, 405, 406, 407]
    other = FeatureQueue(5)
    other.restore(queue.state(), torch.device("cpu"))
    for one, kept in zip(other.vectors, queue.vectors, strict=True):
        assert torch.equal(one, kept)
    none = FeatureQueue(0)
    none.push(some(3, 1))
    assert none.vectors is None


@pytest.mark.parametrize(
    "settings", [{"weighting": "none"}, {"temperature": 0.0}, {"weight_temperature": -1.0}]
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(InputError):
        ContrastiveLoss(**settings)
