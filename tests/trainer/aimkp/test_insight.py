"""What is told of an epoch's masked views."""

from __future__ import annotations

import json

import pytest

from trainer.aimkp.insight import epoch_insight, modalities, summary
from trainer.aimkp.strides import Modality, Progression, Strides

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT
TAU = {IMAGE: 0.4, TEXT: 0.1}
HOW = Progression(after_failure="freeze", largest={IMAGE: 0, TEXT: 0})


class Told:
    """Strides to which a test tells the cosines of each epoch."""

    def __init__(self) -> None:
        self.strides = Strides()
        self.epoch = 1

    def of(self, modality: Modality, **cosines: float) -> None:
        for post, cosine in cosines.items():
            self.strides.visited(post, modality, HOW)
            self.strides.made(
                *(post, modality, HOW),
                epoch=self.epoch,
                cosine=cosine,
                kept=cosine >= TAU[modality],
            )


@pytest.fixture
def told() -> Told:
    """Two epochs with masked views: the second and the third."""
    told = Told()
    told.epoch = 2
    told.of(IMAGE, a=0.9, b=0.4, c=0.3, d=-0.5)
    told.of(TEXT, a=0.9, b=0.05)
    told.epoch = 3
    told.of(IMAGE, a=1.0 + 1e-12, b=0.5, c=0.2, d=0.6)
    told.of(TEXT, a=0.9, b=-1.0 - 1e-12)
    return told


def test_an_epoch_without_masked_views_has_nothing_to_tell() -> None:
    strides = Strides()
    assert epoch_insight(strides, 1, TAU) is None
    strides.visited("a", IMAGE, HOW)
    assert epoch_insight(strides, 1, TAU) is None


def test_views_are_counted_by_modality_and_stride(told: Told) -> None:
    views = epoch_insight(told.strides, 3, TAU)
    assert views is not None
    image, text = views["image"], views["text"]
    assert (image["made"], image["kept"], image["kept_share"], image["tau"]) == (4, 3, 0.75, 0.4)
    assert (text["made"], text["kept"], text["kept_share"], text["tau"]) == (2, 1, 0.5, 0.1)
    assert (image["frozen"], text["frozen"]) == (2, 1)
    assert (image["strides"], text["strides"]) == ({"2": 2, "4": 2}, {"2": 1, "4": 1})


def test_strides_are_ordered_as_numbers() -> None:
    told = Told()
    for told.epoch in range(2, 6):
        told.of(IMAGE, a=0.9)
        if told.epoch == 5:
            told.of(IMAGE, b=0.9)
    views = epoch_insight(told.strides, 5, TAU)
    assert views is not None
    assert list(views["image"]["strides"]) == ["2", "16"]


def test_cosines_are_told_by_quantiles_and_a_histogram_that_counts_all(told: Told) -> None:
    views = epoch_insight(told.strides, 3, TAU)
    assert views is not None
    cosines = views["image"]["cosines"]
    assert cosines["quantiles"]["50"] == pytest.approx(0.55)
    assert cosines["quantiles"]["5"] == pytest.approx(0.245)
    assert list(cosines["quantiles"]) == ["5", "25", "50", "75", "95"]
    edges, counts = cosines["histogram"]["edges"], cosines["histogram"]["counts"]
    assert len(edges) == len(counts) + 1
    assert (edges[0], edges[-1]) == (-1.0, 1.0)
    filled = {edge: count for edge, count in zip(edges[:-1], counts, strict=True) if count}
    assert filled == {0.2: 1, 0.5: 1, 0.6: 1, 0.95: 1}
    text = views["text"]["cosines"]["histogram"]["counts"]
    assert (text[0], sum(text)) == (1, 2)


def test_a_modality_that_is_not_masked_is_left_out() -> None:
    told = Told()
    told.of(TEXT, a=0.9)
    views = epoch_insight(told.strides, 1, TAU)
    assert views is not None
    assert "image" not in views
    assert [name for name, _ in modalities(views)] == ["text"]


def test_the_noisiest_post_was_dropped_most_often_and_then_has_the_lowest_cosine(
    told: Told,
) -> None:
    views = epoch_insight(told.strides, 3, TAU)
    assert views is not None
    assert views["noisiest"] == [
        {"id": "b", "modality": "text", "cosine": -1.0 - 1e-12, "made": 2, "dropped": 2},
        {"id": "c", "modality": "image", "cosine": 0.2, "made": 2, "dropped": 2},
        {"id": "d", "modality": "image", "cosine": 0.6, "made": 2, "dropped": 1},
    ]


def test_the_noisiest_are_twenty_posts_and_equals_come_by_id() -> None:
    told = Told()
    ids = [f"p{number:02}" for number in range(30)]
    told.of(IMAGE, **dict.fromkeys(reversed(ids), -0.5))
    told.of(TEXT, **dict.fromkeys(ids, -0.5))
    views = epoch_insight(told.strides, 1, TAU)
    assert views is not None
    assert [one["id"] for one in views["noisiest"]] == ids[:20]


def test_it_is_json(told: Told) -> None:
    views = epoch_insight(told.strides, 3, TAU)
    assert json.loads(json.dumps(views, allow_nan=False)) == views


def test_a_summary_has_no_histograms_and_five_posts(told: Told) -> None:
    told.of(TEXT, **{f"p{number}": -0.5 for number in range(9)})
    views = epoch_insight(told.strides, 3, TAU)
    assert views is not None
    short = summary(views)
    assert short is not None
    assert short["noisiest"] == views["noisiest"][:5]
    assert short["image"]["cosines"] == {"quantiles": views["image"]["cosines"]["quantiles"]}
    assert short["image"]["strides"] == views["image"]["strides"]
    assert len(json.dumps(short)) < len(json.dumps(views)) / 1.5
    assert "histogram" in views["image"]["cosines"]
    assert summary(None) is None
