"""`keyphrases evaluate --report` from the outside, with the demo's model."""

import html
import json
import re
import shutil

import pytest
from PIL import Image

pytestmark = pytest.mark.timeout(850)

SCENARIOS = ("clean", "text-only", "shuffled", "image-noise-1", "image-noise-5")


@pytest.fixture
def evaluate(demo, keyphrases):
    """Runs the command on the demo's posts and model, unless other options say otherwise."""
    usual = {"--data": demo.dump / "valid.jsonl", "--store": demo.store, "--model": "demo"}

    def run(*arguments, **changed):
        options = usual | {f"--{name}": value for name, value in changed.items()}
        return keyphrases(
            "evaluate", *arguments, *(part for item in options.items() for part in item)
        )

    return run


def interval(bounds):
    return "{:.3f}-{:.3f}".format(*bounds)


def test_all_files_of_a_report_hold_the_same_figures(demo, evaluate, tmp_path):
    data = tmp_path / "posts.jsonl"
    lines = (demo.dump / "valid.jsonl").read_text().splitlines()
    shutil.copytree(demo.dump / "pictures" / "valid", tmp_path / "pictures" / "valid")
    data.write_text("\n".join([*lines, '{"id": "bare", "text": "nobody labelled me"}']))
    folder, scores = tmp_path / "report", tmp_path / "scores.json"

    done = evaluate(
        *(part for name in SCENARIOS for part in ("--scenario", name)),
        *("--json", scores, "--report", folder),
        data=data,
    )

    assert done.returncode == 0, done.stderr
    assert {one.name for one in folder.iterdir()} == {
        *("report.json", "report.md", "scenarios.png", "calibration.png", "contact_sheet.html")
    }
    assert (folder / "report.json").read_bytes() == scores.read_bytes()
    report = json.loads(scores.read_bytes())
    assert (report["model"], report["posts"], report["left_out"]) == (
        *("demo@1", len(lines), {"no gold keyphrases": 1}),
    )
    assert tuple(report["scenarios"]) == SCENARIOS
    words = (folder / "report.md").read_text()
    for scenario, of in report["scenarios"].items():
        tables = re.findall(rf"^\| {scenario} \|.*$", words, re.MULTILINE)
        assert len(tables) == 5
        parts = [("cmkp", "all"), ("cmkp", "present"), ("cmkp", "absent"), ("aimkp",)]
        for row, path in zip(tables, parts, strict=False):
            found, around = of, of["intervals"]
            for key in path:
                found, around = found[key], around[key]
            for name in ("f1@1", "f1@3", "map@5"):
                assert f" {found[name]:.3f} ({interval(around[name])}) " in row
            assert around["f1@3"][0] <= found["f1@3"] <= around["f1@3"][1]
        assert f" {of['near_duplicate_share']:.1%} " in tables[-1]
        assert f" {of['calibration']['expected_error']:.3f} " in tables[-1]
        assert f"{of['cmkp']['all']['f1@3']:.3f}" in done.stdout
    assert f"{report['harm']['f1@3']:+.3f}" in words
    assert "1 no gold keyphrases" in words
    assert "1 no gold keyphrases" in done.stderr
    for name in ("scenarios.png", "calibration.png"):
        with Image.open(folder / name) as plot:
            plot.load()
    sheet = (folder / "contact_sheet.html").read_text()
    posts = [json.loads(line) for line in lines]
    shown = [post for post in posts if f"<bdi>{post['id']}</bdi>" in sheet]
    assert len(shown) == sheet.count("<article>") == min(50, len(posts))
    for post in shown:
        assert html.escape(post["text"]) in sheet
        for phrase in post["keyphrases"]:
            assert f"<bdi>{html.escape(phrase)}</bdi>" in sheet


def assert_refused(done, *words):
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr
    assert not done.stdout


def test_an_unknown_scenario_is_refused_with_the_nearest(evaluate):
    assert_refused(evaluate("--scenario", "imgae-noise-3"), "did you mean 'image-noise-3'?")


def test_a_report_where_a_file_is_is_refused(evaluate, tmp_path):
    (tmp_path / "taken").touch()
    assert_refused(evaluate(report=tmp_path / "taken"), f"{tmp_path / 'taken'} is no folder")


def test_scores_where_a_folder_is_are_refused(evaluate, tmp_path):
    assert_refused(evaluate(json=tmp_path), str(tmp_path), "is a directory")


def test_data_without_gold_is_refused_and_no_report_begun(evaluate, tmp_path):
    (tmp_path / "posts.jsonl").write_text('{"id": "1", "text": "nobody labelled me"}\n')
    done = evaluate(data=tmp_path / "posts.jsonl", report=tmp_path / "report")
    assert_refused(done, "posts.jsonl", "has gold keyphrases (1 no gold keyphrases)")
    assert not (tmp_path / "report").exists()
