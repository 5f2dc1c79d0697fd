"""Both definitions, against cases worked by hand and against the published scorers."""

import json
from pathlib import Path

import pytest

from trainer.metrics import Case, score

CONFORMANCE = Path(__file__).parents[4] / "shared" / "data" / "cmkp" / "metric_conformance.json"


def case(gold: list[str], predicted: list[str], text: str = "") -> Case:
    return Case(id="p", text=text, gold=gold, predicted=predicted)


def test_a_plural_is_a_hit_under_both_definitions() -> None:
    scores = score([case(["Red Cats"], ["red cat"])])
    assert scores["cmkp"]["all"]["f1@1"] == 1
    assert scores["aimkp"]["f1@1"] == 1


def test_cmkp_removes_repeated_predictions_and_aimkp_counts_them() -> None:
    scores = score([case(["dog"], ["cat", "cats", "dog"])])
    # cmkp sees [cat, dog]: P@3 = 1/2, R@3 = 1, AP@5 = 1/2. aimkp sees three ranks.
    assert scores["cmkp"]["all"]["f1@3"] == pytest.approx(2 / 3)
    assert scores["cmkp"]["all"]["map@5"] == pytest.approx(1 / 2)
    assert scores["aimkp"]["p@3"] == pytest.approx(1 / 3)
    assert scores["aimkp"]["map@5"] == pytest.approx((0 + 0 + 1 / 3) / 3)


def test_cmkp_divides_precision_by_what_was_predicted_and_aimkp_by_k() -> None:
    scores = score([case(["dog", "cat"], ["dog"])])
    assert scores["cmkp"]["all"]["f1@3"] == pytest.approx(2 * 1 * 0.5 / 1.5)
    assert scores["aimkp"]["p@3"] == pytest.approx(1 / 3)
    assert scores["aimkp"]["f1@3"] == pytest.approx(2 * (1 / 3) * (1 / 2) / (5 / 6))


def test_cmkp_combines_mean_precision_and_mean_recall_and_aimkp_averages_f1() -> None:
    scores = score([case(["a1"], ["a1"]), case(["b1", "b2", "b3"], ["b1"])])
    # P@1 = 1 and 1; R@1 = 1 and 1/3, mean 2/3.
    assert scores["cmkp"]["all"]["f1@1"] == pytest.approx(2 * 1 * (2 / 3) / (5 / 3))
    assert scores["aimkp"]["f1@1"] == pytest.approx((1 + 0.5) / 2)


def test_cmkp_drops_invalid_predictions() -> None:
    scores = score([case(["dog"], ["", "<unk> dog", "dog , cat", "dog .", "dog"])])
    assert scores["cmkp"]["all"]["p@1"] == 1


def test_average_precision_is_divided_by_gold_only_under_cmkp() -> None:
    scores = score([case(["dog", "cat"], ["dog", "bird"])])
    assert scores["cmkp"]["all"]["map@5"] == pytest.approx(1 / 2)
    assert scores["aimkp"]["map@5"] == pytest.approx((1 + 1 / 2) / 2)


def test_present_means_a_run_of_stemmed_tokens_of_the_text() -> None:
    scores = score([case(["red dogs", "dog red", "cat"], ["red dog"], text="Two RED dog s run")])
    assert scores["cmkp"]["present"]["r@1"] == 1
    assert scores["cmkp"]["absent"]["r@1"] == 0


def test_a_part_is_averaged_over_the_posts_that_have_such_gold_phrases() -> None:
    present = case(["dog"], ["dog"], text="a dog")
    absent = case(["cat"], ["bird"], text="a dog")
    scores = score([present, absent])["cmkp"]
    assert scores["present"]["f1@1"] == 1
    assert scores["absent"]["f1@1"] == 0
    assert scores["all"]["f1@1"] == pytest.approx(0.5)


def test_posts_without_predictions_score_zero() -> None:
    scores = score([case(["dog"], [])])
    assert set(scores["cmkp"]["all"].values()) == {0.0}
    assert set(scores["aimkp"].values()) == {0.0}


def test_no_posts_at_all_score_zero() -> None:
    scores = score([])
    assert set(scores["cmkp"]["present"].values()) == {0.0}
    assert set(scores["aimkp"].values()) == {0.0}


@pytest.mark.skipif(not CONFORMANCE.exists(), reason="metric_conformance.json is not here")
def test_the_published_scorers_are_reproduced() -> None:
    conformance = json.loads(CONFORMANCE.read_text())
    scores = score(Case(**row) for row in conformance["cases"])
    assert scores["aimkp"] == pytest.approx(conformance["scores"]["aimkp"], abs=1e-4)
    for part, expected in conformance["scores"]["cmkp"].items():
        assert scores["cmkp"][part] == pytest.approx(expected, abs=1e-4)
