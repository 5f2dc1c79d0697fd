"""The command line as a shell sees it: exit codes, one clear line, no traceback."""

import json
import subprocess
import sys

import pytest


def keyphrases(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "keyphrases", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
    )


def assert_refused(done, *words):
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_help_names_every_command_and_loads_no_model_library():
    program = "import sys; from keyphrases.main import cli; cli.main(['--help'], prog_name='k', "
    program += "standalone_mode=False); sys.exit('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0
    for command in ("demo", "import", "train", "evaluate", "score", "index", "search", "models"):
        assert command in done.stdout


def test_an_unknown_command_is_refused_in_one_line():
    assert_refused(keyphrases("serach"), "serach", "--help")


def test_a_missing_option_is_refused_in_one_line():
    assert_refused(keyphrases("search", "cats"), "--index", "search --help")


@pytest.mark.parametrize(
    "arguments",
    [
        ("index", "dump", "--index", "embedded:index", "--store", "store", "--model", "m"),
        ("index", "dump", "--index", "embedded:index", "--preview", "1"),
        ("tag", "--text", "a cat"),
        ("evaluate", "--data", "dump", "--store", "store", "--model", "m"),
    ],
)
def test_ocr_without_its_package_is_refused_in_one_line(arguments, tmp_path):
    (tmp_path / "rapidocr_onnxruntime.py").write_text("raise ImportError('libGL.so.1')")

    # This folder comes first on the path of what is imported.
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
    program += "from keyphrases.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments, "--ocr"],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert_refused(done, "libGL.so.1", "pip install --no-deps -r requirements-ocr.lock")


CASES = [
    {"id": "1", "text": "the cat sat", "gold": ["cat"], "predicted": ["cats", "dog"]},
    {"id": "2", "text": "red moon", "gold": ["boat"], "predicted": ["moon"]},
]


@pytest.fixture
def predictions(tmp_path):
    path = tmp_path / "predictions.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in CASES))
    return path


def test_score_prints_both_definitions_as_json(predictions):
    done = keyphrases("score", predictions, "--json")

    scores = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(scores["cmkp"]) == {"all", "present", "absent"}
    # One of two first predictions is right: "cats" has the stem of "cat".
    assert scores["cmkp"]["all"]["p@1"] == pytest.approx(0.5)
    assert scores["aimkp"]["f1@1"] == pytest.approx(0.5)


def test_score_shows_people_a_table_per_definition(predictions):
    done = keyphrases("score", predictions)

    assert "cmkp definition, 2 posts" in done.stdout
    assert "aimkp definition, 2 posts" in done.stdout
    assert "0.500" in done.stdout


def test_score_names_the_line_that_is_broken(predictions):
    predictions.write_text(predictions.read_text() + '{"id": "3"}\n')

    assert_refused(keyphrases("score", predictions), "line 3", "text")


def test_score_of_an_empty_file_is_refused(tmp_path):
    (tmp_path / "none.jsonl").touch()

    assert_refused(keyphrases("score", tmp_path / "none.jsonl"), "no predictions")
