"""The demo: everything works together, and what it shows is worth showing."""

import json
import re

import pytest

from keyphrases.demo.places import Places
from posts.clip_art import CLIP_ART
from posts.dump import Dump
from tests.keyphrases.conftest import run_keyphrases

pytestmark = pytest.mark.timeout(850)


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
    end = demo.output[demo.output.index("Where it lies") :]
    for place in ("pictures.html", "pictures-index", "dump", "store/demo", "index", "scores.json"):
        assert str(demo.folder / place) in end
        assert (demo.folder / place).exists()
    assert f"--facets --index {demo.picture_index}\n" in end
    assert f'search "yellow umbrella" --facets --index {demo.index}\n' in end
    assert f"serve --index {demo.picture_index} --dump {CLIP_ART}\n" in end
    assert f"serve --index {demo.index} --dump {demo.dump}\n" in end


def test_headings_are_numbered_through(demo):
    numbers = re.findall(r"^(\d+)\. \S.* ─", demo.output, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 9)]


def test_real_pictures_come_first_with_what_people_and_what_the_model_say(demo):
    begin, end = demo.output.index("Look at what it says"), demo.output.index("3. Search")
    shown = demo.output[begin:end]
    for post in list(Dump.open(CLIP_ART).posts())[:6]:
        assert f"{post.text}  {post.id}" in shown
        assert f"gold       {', '.join(post.keyphrases)}" in shown
    assert len(re.findall(r"predicted  \S.* \d\.\d\d", shown)) == 6


def test_every_picture_is_indexed_and_on_the_page(demo, keyphrases):
    posts = list(Dump.open(CLIP_ART).posts())
    done = keyphrases("search", "", "--index", demo.picture_index, "--limit", 100, "--json")
    assert {hit["id"] for hit in json.loads(done.stdout)["hits"]} == {post.id for post in posts}
    page = (demo.folder / "pictures.html").read_text()
    assert page.count("<article>") == page.count("<img ") == len(posts)
    for post in posts:
        assert post.id in page


def test_the_searches_are_for_what_stands_in_no_text(demo):
    texts = " ".join(post.text for post in Dump.open(CLIP_ART).posts()).lower()
    part = demo.output[demo.output.index("3. Search") : demo.output.index("4. Draw")]
    searched = re.findall(r"^keyphrases search [\"'](.+?)[\"'] --index", part, re.MULTILINE)
    assert searched
    for words in searched:
        assert not set(re.findall(r"\w+", words)) & set(re.findall(r"\w+", texts))
    assert part.count("in ") >= len(searched)
    assert not re.search(r"^0 posts", part, re.MULTILINE)


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
    assert set(answer) - {"next"} == {"total", "took_ms", "hits", "facets"}
    hit = answer["hits"][0]
    fields = {"id", "score", "text", "keyphrases", "highlight", "created_at", "has_picture"}
    assert set(hit) == fields
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
    for folder in ("store", "index-reports", "pictures-index-reports", "index-dead-letters"):
        (tmp_path / folder).mkdir()
    (tmp_path / "own-pictures.html").touch()
    (tmp_path / "mine.txt").touch()

    Places(tmp_path).clear()

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def refused(*arguments):
    done = run_keyphrases("demo", *arguments, timeout=60)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not done.stdout
    return done.stderr


def test_a_folder_of_pictures_that_is_none_is_refused(tmp_path, random_store):
    model = ("--store", random_store, "--model", "random", "--out", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.png").touch()

    assert "no picture" in refused("--pictures", tmp_path / "empty", *model)
    assert "nowhere" in refused("--pictures", tmp_path / "nowhere", *model)
    assert "file.png" in refused("--pictures", tmp_path / "file.png", *model)
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there_is_told_before_anything_is_removed(tmp_path, random_store):
    (tmp_path / "store").mkdir()

    told = refused("--fresh", "--out", tmp_path, "--store", random_store, "--model", "nobody")

    assert "nobody" in told
    assert (tmp_path / "store").exists()


def test_training_again_gives_the_version_that_is_there(demo, keyphrases):
    done = keyphrases(
        *("train", "--data", demo.dump / "train.jsonl", "--valid", demo.dump / "valid.jsonl"),
        *("--base", "small", "--store", demo.store, "--name", "demo"),
    )

    assert done.returncode == 0, done.stderr
    assert "published demo@1" in done.stdout
