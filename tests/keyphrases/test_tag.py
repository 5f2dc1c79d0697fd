"""`keyphrases tag` from the outside, with the demo's model."""

import json

import pytest
from PIL import Image

from tests.keyphrases.conftest import run_keyphrases
from tests.sample_pictures import written

pytestmark = pytest.mark.timeout(450)


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
    done = tag(demo, "--json", files)

    assert done.returncode == 0, done.stderr
    broken, cat, dog = json.loads(done.stdout)
    assert "broken picture" in broken["error"]
    assert broken["keyphrases"] == []
    assert (cat["text"], dog["text"]) == ("a picture of a [red] cat", "")
    for post in (cat, dog):
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


def test_a_person_gets_a_table(demo, files):
    done = tag(demo, files)

    assert done.returncode == 0, done.stderr
    assert "a picture of a [red] cat" in done.stdout
    assert "broken.png: broken picture" in done.stderr


def test_where_nothing_can_be_tagged_one_line_says_why(demo, files):
    done = tag(demo, files / "broken.png")

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "broken.png cannot be tagged: broken picture" in done.stderr
    assert not done.stdout
