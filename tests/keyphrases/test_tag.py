"""`keyphrases tag` from the outside, with the demo's model."""

import json

import pytest
from PIL import Image

from tests.keyphrases.conftest import run_keyphrases
from tests.sample_pictures import written

pytestmark = pytest.mark.timeout(850)


@pytest.fixture
def files(tmp_path):
    """A picture with a text beside it, another without, and one that is broken."""
    for name in ("cat.png", "dog.png"):
        Image.new("RGB", (72, 72), "red").save(tmp_path / name)
    (tmp_path / "cat.txt").write_text("a picture of a [red] cat")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


def tag(demo, *arguments):
    return run_keyphrases("tag", "--store", demo.store, "--model", "demo", *map(str, arguments))


def test_every_file_has_keyphrases_or_a_reason(demo, files):
    done = tag(demo, "--json", files, files / "nowhere.png")

    assert done.returncode == 1
    assert done.stderr.endswith("keyphrases: 2 of 4 could not be tagged\n")
    broken, cat, dog, nowhere = json.loads(done.stdout)
    assert "broken picture" in broken["error"]
    assert (nowhere["id"], nowhere["error"]) == (str(files / "nowhere.png"), "is not there")
    assert broken["keyphrases"] == nowhere["keyphrases"] == []
    assert (cat["text"], dog["text"]) == ("a picture of a [red] cat", "")
    for post in (cat, dog):
        assert list(post) == ["id", "text", "keyphrases", "error"]
        assert post["error"] is None
        assert post["keyphrases"]
        assert all(0 < one["score"] <= 1 and one["phrase"] for one in post["keyphrases"])


def test_words_in_a_picture_do_as_if_they_were_told(demo, tmp_path):
    sign = written((10, 20, "city marathon", 30), size=(260, 260))
    sign.save(tmp_path / "sign.png")

    def keyphrases(*arguments):
        done = tag(demo, "--json", tmp_path / "sign.png", *arguments)
        assert done.returncode == 0, done.stderr
        (post,) = json.loads(done.stdout)
        return post["text"], post["keyphrases"]

    _, told = keyphrases("--text", "city marathon")
    text, read = keyphrases("--ocr")
    assert (text, read) == ("", told)
    assert read != keyphrases()[1]


def test_a_person_reads_names_texts_and_keyphrases_with_scores(demo, files):
    odd = files / "[red] \x1b[31m.txt"
    odd.write_text("a text that\x1b]0;owns\x07 the terminal [/red]")
    long = files / "long.txt"
    long.write_text("word " * 100)

    done = tag(demo, files / "cat.png", files / "cat.txt", odd, long)

    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    posts = [post.splitlines() for post in done.stdout.split("\n\n")]
    assert posts[0][0].startswith(f"{files / 'cat.png'}  a picture of a [red] cat"[:80])
    assert posts[1][0].startswith(f"{files}/[red] [31m.txt  a text that ]0;o")
    assert posts[2][0].endswith("…")
    for post in posts:
        assert len(post) > 1
        for line in post[1:]:
            assert len(line) <= 80
            *words, score = line.split()
            assert words
            assert 0 < float(score) <= 1


def test_those_that_could_not_be_tagged_are_told_behind_the_others(demo, files):
    done = tag(demo, files / "nowhere.png", files)

    assert done.returncode == 1
    assert "dog.png" in done.stdout
    first, second, last = done.stderr.splitlines()[-3:]
    assert first == f"{files / 'nowhere.png'}: is not there"
    assert second.startswith(f"{files / 'broken.png'}: broken picture")
    assert last == "keyphrases: 2 of 4 could not be tagged"


def test_where_nothing_can_be_tagged_one_line_says_why(demo, files):
    done = tag(demo, files / "broken.png", files / "nowhere.png")

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "broken.png cannot be tagged (nor 1 other): broken picture" in done.stderr
    assert not done.stdout


def test_where_nothing_can_be_tagged_json_is_an_array_all_the_same(demo, files):
    done = tag(demo, "--json", files / "nowhere.png")

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert json.loads(done.stdout) == [
        {
            "id": str(files / "nowhere.png"),
            "text": "",
            "keyphrases": [],
            "error": "is not there",
        }
    ]


def test_a_text_that_would_go_with_no_picture_is_refused(demo, files):
    done = tag(demo, files / "cat.txt", "--text", "a cat")

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "--text is for pictures" in done.stderr
