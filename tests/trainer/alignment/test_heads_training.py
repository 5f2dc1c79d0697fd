"""Training of heads alone, on made-up features in which some posts are copies of others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from posts.errors import InputError
from trainer.alignment.calibration import calibrate, cosines
from trainer.alignment.feature_table import FeatureTable
from trainer.alignment.heads_training import (
    HeadsTraining,
    fresh_heads,
    teacher_vectors,
    train_heads,
)
from trainer.alignment.loss import ContrastiveLoss
from trainer.alignment.measures import auroc, deranged, derangement, recall_at
from trainer.alignment.vectors import Vectors

POSTS, COPIES = 60, 10
TRAINING = HeadsTraining(
    dimensions=16,
    epochs=60,
    batch_size=35,
    learning_rate=1e-2,
    dropout=0.0,
    weight_decay=0.0,
)


def made_up(copies: int = COPIES) -> FeatureTable:
    """Posts whose picture and text are two views of one thing; the first ones come once more, a
    little changed."""
    random = torch.Generator().manual_seed(0)
    things = torch.randn(POSTS, 8, generator=random)
    things = torch.cat([things, things[:copies] + 0.02 * torch.randn(copies, 8, generator=random)])
    seen, read = (torch.randn(8, width, generator=random) for width in (20, 12))
    return FeatureTable(rows=torch.arange(len(things)), pictures=things @ seen, texts=things @ read)


def test_planted_near_duplicates_come_to_weigh_little_where_infonce_gives_them_one() -> None:
    table = made_up()
    plain = replace(TRAINING, loss=ContrastiveLoss(weighting="infonce"))
    teacher = train_heads(table, plain, text_layer=0)
    student = train_heads(table, TRAINING, text_layer=0, teacher=teacher)
    vectors = Vectors.of(
        *(table.rows, *teacher_vectors(student, table)), teacher_vectors(teacher, table)
    )
    for alpha in (1.0, 0.5, 0.0):
        weights = TRAINING.loss.weights(vectors, alpha=alpha)
        planted = [weights[n, POSTS + n] for n in range(COPIES)]
        planted += [weights[POSTS + n, n] for n in range(COPIES)]
        assert max(planted) <= 0.3, alpha
        others = weights[COPIES:POSTS, COPIES:POSTS].sum(1) / (POSTS - COPIES - 1)
        assert others.mean() > 0.9
    assert set(plain.loss.weights(vectors).flatten().tolist()) == {0.0, 1.0}
    assert plain.loss.weights(vectors)[0, POSTS] == 1


def test_heads_learn_what_goes_with_what_and_the_same_seed_gives_the_same() -> None:
    table = made_up(0)
    known, unknown = table.take(torch.arange(48)), table.take(torch.arange(48, 60))
    heads = train_heads(known, TRAINING, text_layer=3)
    again = train_heads(known, TRAINING, text_layer=3)
    other = train_heads(known, replace(TRAINING, seed=1), text_layer=3)

    assert recall_at(cosines(heads, known), 1) > 0.8
    assert recall_at(cosines(heads, unknown), 1) > 0.5
    assert heads.shape.text_layer == 3
    for name, weight in heads.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name
    assert not torch.equal(other.text.linear.weight, heads.text.linear.weight)
    assert not any(parameter.requires_grad for parameter in heads.parameters())


def test_a_queue_and_deletion_train_too() -> None:
    table = made_up()
    training = replace(
        TRAINING, batch_size=10, queue=20, loss=ContrastiveLoss(weighting="deletion")
    )
    assert recall_at(cosines(train_heads(table, training, text_layer=0), table), 2) > 0.9


def test_a_calibrated_score_is_a_probability_of_a_true_pair() -> None:
    """Among true and deranged pairs, half of each, that get about p the share of true ones is p."""
    random = np.random.default_rng(0)
    found = random.normal(0, 0.3, (400, 400))
    found[np.diag_indices(400)] += 0.6
    calibration = calibrate(found)
    true, wrong = found.diagonal(), deranged(found, seed=7)
    at = [np.array([calibration.probability(one) for one in some]) for some in (true, wrong)]
    for low in np.arange(0, 1, 0.25):
        shares = [((one >= low) & (one < low + 0.25)).mean() for one in at]
        mean = np.concatenate(at)[(np.concatenate(at) >= low) & (np.concatenate(at) < low + 0.25)]
        assert shares[0] / sum(shares) == pytest.approx(mean.mean(), abs=0.12)
    assert calibration.slope > 0


def test_too_few_posts_are_refused() -> None:
    with pytest.raises(InputError, match="only 2 posts have a picture and a text"):
        train_heads(made_up().take(torch.arange(2)), TRAINING, text_layer=0)
    nothing = FeatureTable(rows=torch.empty(0), pictures=torch.empty(0), texts=torch.empty(0))
    with pytest.raises(InputError, match="only 0 posts have a picture and a text"):
        fresh_heads(nothing, TRAINING, text_layer=0)
    with pytest.raises(InputError, match="at least two posts"):
        calibrate(np.ones((1, 1)))


@pytest.mark.parametrize(
    "settings", [{"epochs": 0}, {"queue": -1}, {"learning_rate": 0.0}, {"dropout": 1.0}]
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(InputError):
        replace(TRAINING, **settings)


def test_recall_counts_both_directions_and_equals_against_the_post() -> None:
    found = np.array([[0.9, 0.1, 0.2], [0.95, 0.5, 0.1], [0.3, 0.3, 0.3]])
    # By picture: the first is found, the second and third are not; by text: none, second, third.
    assert recall_at(found, 1) == pytest.approx((1 / 3 + 2 / 3) / 2)
    assert recall_at(found, 3) == 1


def test_auroc_is_the_chance_that_a_true_pair_is_above_a_wrong_one() -> None:
    random = np.random.default_rng(0)
    true, wrong = random.integers(0, 8, 30) / 8, random.integers(0, 6, 50) / 8
    slow = np.mean([(one > two) + 0.5 * (one == two) for one in true for two in wrong])
    assert auroc(true, wrong) == pytest.approx(slow)


def test_a_derangement_leaves_none_in_place_and_uses_each_once() -> None:
    for count in (2, 3, 50):
        found = derangement(count, 3)
        assert sorted(found) == list(range(count))
        assert not (found == np.arange(count)).any()
