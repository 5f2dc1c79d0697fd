"""Figures of a report, and the files they become."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from posts.errors import InputError
from posts.phrases import Keyphrase
from posts.post import Post
from tests.trainer.examples import mixed_posts, training_set
from trainer.evaluation import Answered, Evaluation
from trainer.metrics import Case, score
from trainer.report import Report, check_report_folder, write_report
from trainer.report.bootstrap import interval, intervals, resample
from trainer.report.calibration import calibrate
from trainer.report.contact_sheet import Card, draw_contact_sheet
from trainer.report.evaluation_sheet import draw_evaluation_sheet
from trainer.report.markdown import to_markdown
from trainer.report.near_duplicates import near_duplicate_share, near_duplicates
from trainer.training_set import TrainingSet


def answered(gold: list[str], *predicted: tuple[str, float], text: str = "") -> Answered:
    keyphrases = [Keyphrase(*one) for one in predicted]
    case = Case(id="p", text=text, gold=gold, predicted=[one.phrase for one in keyphrases])
    return Answered(case=case, keyphrases=keyphrases)


def half_right(posts: int) -> list[Case]:
    answers = [answered(["cat"], ("cat" if row % 2 else "dog", 1.0)) for row in range(posts)]
    return [one.case for one in answers]


def test_an_interval_is_that_of_a_known_distribution() -> None:
    """The mean of n draws of 0 or 1 has a standard deviation of 0.5 / sqrt(n)."""
    low, high = intervals(resample(half_right(400)))["cmkp"]["all"]["p@1"]
    assert (low, high) == pytest.approx((0.5 - 1.96 * 0.025, 0.5 + 1.96 * 0.025), abs=0.01)


def test_resamples_are_those_that_scoring_drawn_posts_would_give() -> None:
    """F1 is made of the means of a resample, not a mean of F1."""
    cases = [
        answered(["red cat", "dog"], ("dog", 1.0), ("bird", 0.5), text="a dog").case,
        answered(["sun"], ("moon", 1.0), ("sun", 1.0), ("suns", 0.2)).case,
        answered(["a1", "a2", "a3"], ("a1", 1.0)).case,
    ]
    rows = np.random.default_rng(0).integers(3, size=3)
    expected = score([cases[row] for row in rows])
    drawn = resample(cases, resamples=1)
    assert {name: float(of[0]) for name, of in drawn["aimkp"].items()} == pytest.approx(
        expected["aimkp"]
    )
    for name, of in drawn["cmkp"]["all"].items():
        assert float(of[0]) == pytest.approx(expected["cmkp"]["all"][name])


def test_intervals_hold_the_score_and_are_the_same_each_time() -> None:
    found = intervals(resample(half_right(101)))
    assert found == intervals(resample(half_right(101)))
    low, high = found["aimkp"]["f1@3"]
    assert low < score(half_right(101))["aimkp"]["f1@3"] < high
    assert found["cmkp"]["present"]["f1@3"] == (0.0, 0.0)
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)


def test_near_duplicates_hold_words_or_letters_of_an_earlier_phrase() -> None:
    phrases = ["black cats", "cat", "dog", "cat black eye", "colour", "color", "car"]
    assert near_duplicates(phrases) == [False, True, False, True, False, True, False]
    assert near_duplicate_share([["cat", "cats"], ["cat", "dog"]]) == 0.25
    assert near_duplicate_share([[]]) == 0


def test_calibration_compares_scores_with_the_share_that_is_gold() -> None:
    found = calibrate(
        [answered(["cats"], ("cat", 0.82), ("dog", 0.88)), answered(["sun"], ("sun", 1.0))]
    )
    assert [(one.count, one.gold) for one in found.bins] == [(2, 0.5), (1, 1.0)]
    assert found.bins[0].score == pytest.approx(0.85)
    assert found.expected_error == pytest.approx(2 / 3 * 0.35)
    assert found.brier == pytest.approx((0.18**2 + 0.88**2) / 3)
    assert calibrate([answered(["sun"])]).predictions == 0


def evaluation(examples: TrainingSet, scenario: str, right: float) -> Evaluation:
    answers = []
    for row in range(len(examples)):
        one = examples[row]
        said = one.keyphrases[0] if row < right * len(examples) else "nothing of it"
        case = Case(id=one.id, text=one.text, gold=one.keyphrases, predicted=[said])
        answers.append(Answered(case=case, keyphrases=[Keyphrase(said, 0.7)]))
    return Evaluation(scenario=scenario, answers=answers, scores=score(one.case for one in answers))


def test_all_files_are_written(tmp_path: Path) -> None:
    examples = training_set(tmp_path, mixed_posts(30))
    worth = {
        "clean": 0.9, "text-only": 0.6, "shuffled": 0.5, "image-noise-1": 0.8, "image-noise-5": 0.3
    }  # fmt: skip
    done = [evaluation(examples, name, right) for name, right in worth.items()]
    report = Report.of("tagger@1", "posts", done, {"broken picture": 3})
    folder = tmp_path / "report"
    write_report(folder, report, done[0], examples)
    content = json.loads((folder / "report.json").read_bytes())
    assert list(content["scenarios"]) == list(worth)
    assert content["scenarios"]["clean"]["cmkp"] == done[0].scores["cmkp"]
    difference = done[2].scores["cmkp"]["all"]["f1@3"] - done[1].scores["cmkp"]["all"]["f1@3"]
    assert content["harm"]["f1@3"] == pytest.approx(difference)
    low, high = content["harm"]["interval"]
    assert low < difference < high < 0.05
    assert content["left_out"] == {"broken picture": 3}
    words = (folder / "report.md").read_text()
    assert "(left out: 3 broken picture)" in words
    assert f"{done[0].scores['cmkp']['all']['f1@3']:.3f}" in words
    for name in ("scenarios.png", "calibration.png"):
        Image.open(io.BytesIO((folder / name).read_bytes())).verify()
    assert (folder / "contact_sheet.html").read_text().count("<article>") == 30


def test_keyphrases_that_no_post_has_get_no_table_of_zeros(tmp_path: Path) -> None:
    examples = training_set(tmp_path, mixed_posts(6))
    answers = evaluation(examples, "image-only", 1.0).answers
    cases = [Case(id=a.case.id, text="", gold=a.case.gold, predicted=[]) for a in answers]
    silent = [Answered(case=case, keyphrases=[]) for case in cases]
    done = Evaluation(scenario="image-only", answers=silent, scores=score(cases))
    report = Report.of("tagger@1", "odd ` name\nof posts", [done], {})
    assert report.posts_with == {"present": 0, "absent": 6}
    words = to_markdown(report, {})
    assert words.count("| image-only |") == 4
    assert "Posts with any: 0.\n\n### Keyphrases that are absent" in words
    assert "Data: `` odd ` name of posts ``. " in words


def test_a_report_is_put_into_a_folder_that_is_there_or_can_be(tmp_path: Path) -> None:
    check_report_folder(tmp_path)
    check_report_folder(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").touch()
    for wrong in (tmp_path / "file", tmp_path / "file" / "new", tmp_path / "nowhere" / "new"):
        with pytest.raises(InputError, match="is no folder"):
            check_report_folder(wrong)


def test_a_contact_sheet_makes_hostile_posts_harmless(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script> \" onload='x' <img src=http://x.example/y>"
    picture = io.BytesIO()
    Image.new("RGB", (900, 600), "red").save(picture, "JPEG", comment=b"<script>secret</script>")
    posts = [Post(id=hostile, text=hostile, image=picture.getvalue(), keyphrases=(hostile,))]
    examples = training_set(tmp_path, posts)
    case = Case(id=hostile, text=hostile, gold=[hostile], predicted=[hostile])
    one = Answered(case=case, keyphrases=[Keyphrase(hostile, 0.5)])
    page = draw_evaluation_sheet(
        Evaluation(scenario="clean", answers=[one], scores=score([case])), examples, hostile
    )
    assert "<script" not in page
    assert "<img src=http" not in page
    assert page.count("&lt;script&gt;") == 6
    assert "default-src &#x27;none&#x27;" in page
    assert page.count("✓ <bdi>") == 2
    start = page.index("base64,") + len("base64,")
    data = base64.b64decode(page[start : page.index('"', start)])
    assert b"secret" not in data
    assert Image.open(io.BytesIO(data)).size == (320, 213)


def test_a_contact_sheet_of_posts_without_gold_shows_none() -> None:
    card = Card(id="p", text="", picture=None, gold=None, keyphrases=[Keyphrase("red cat", 0.5)])
    page = draw_contact_sheet("my pictures", "One post.", [card])
    assert "<bdi>red cat</bdi> <small>0.50</small>" in page
    assert "Gold" not in page
    assert "gold" not in page
