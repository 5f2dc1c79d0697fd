"""The demo: everything works together, and what it shows is worth showing."""

import json

import pytest

from keyphrases.commands.demo import Places

pytestmark = pytest.mark.timeout(450)


def test_fine_tuning_beats_the_baselines_and_needs_both_text_and_picture(demo):
    clean = demo.scores("fine-tuned, clean")["f1@3"]

    assert clean >= 0.60
    for other in (
        "most frequent phrases",
        "nearest neighbour on the text",
        "small base, not fine-tuned",
        "fine-tuned, text-only",
        "fine-tuned, image-only",
    ):
        assert clean >= demo.scores(other)["f1@3"] + 0.15, other


def test_the_demo_says_where_things_lie_and_what_to_type(demo):
    for words in ("posts and pictures", "model", "index", "scores", "keyphrases search"):
        assert words in demo.output


def test_indexing_again_finds_everything_unchanged(demo, keyphrases):
    done = keyphrases(
        "index", demo.dump, "--index", demo.index, "--store", demo.store, "--model", "demo"
    )

    summary = json.loads(done.stdout)
    assert (summary["read"], summary["unchanged"], summary["indexed"]) == (800, 800, 0)


def test_a_thing_that_only_the_picture_shows_is_found(demo, keyphrases):
    done = keyphrases("search", "", "--phrase", "Red  Boat", "--index", demo.index, "--json")

    answer = json.loads(done.stdout)
    assert answer["total"] > 0
    assert set(answer) == {"total", "took_ms", "hits", "facets"}
    hit = answer["hits"][0]
    assert set(hit) == {"id", "score", "text", "keyphrases", "highlight"}
    assert "boat" not in hit["text"]
    assert "red boat" in [one["phrase"] for one in hit["keyphrases"]]


def test_search_shows_people_hits_and_facets(demo, keyphrases):
    done = keyphrases("search", "market", "--index", demo.index, "--facets")

    assert done.returncode == 0
    assert "posts in" in done.stdout
    assert "Keyphrases of all matching posts" in done.stdout


def test_a_preview_writes_nothing(demo, keyphrases, tmp_path):
    done = keyphrases(
        *("index", demo.dump, "--index", f"embedded:{tmp_path / 'index'}"),
        *("--store", demo.store, "--model", "demo", "--preview", 2),
    )

    assert done.stdout.count("picture ") == 2
    assert not (tmp_path / "index").exists()


def test_evaluate_writes_what_it_shows(demo, keyphrases, tmp_path):
    done = keyphrases(
        *("evaluate", "--data", demo.dump / "valid.jsonl", "--store", demo.store),
        *("--model", "demo@1", "--scenario", "clean", "--json", tmp_path / "scores.json"),
    )

    scores = json.loads((tmp_path / "scores.json").read_bytes())
    assert scores["model"] == "demo@1"
    assert f"{scores['scenarios']['clean']['cmkp']['all']['f1@3']:.3f}" in done.stdout


def test_evaluate_refuses_a_place_for_its_scores_that_is_not_there(demo, keyphrases, tmp_path):
    done = keyphrases(
        *("evaluate", "--data", demo.dump / "valid.jsonl", "--store", demo.store),
        *("--model", "demo", "--json", tmp_path / "nowhere" / "scores.json"),
    )

    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_a_fresh_demo_leaves_other_files_alone(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "mine.txt").touch()

    Places(tmp_path).clear()

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_training_again_gives_the_version_that_is_there(demo, keyphrases):
    done = keyphrases(
        *("train", "--data", demo.dump / "train.jsonl", "--valid", demo.dump / "valid.jsonl"),
        *("--base", "small", "--store", demo.store, "--name", "demo"),
    )

    assert done.returncode == 0, done.stderr
    assert "published demo@1" in done.stdout
