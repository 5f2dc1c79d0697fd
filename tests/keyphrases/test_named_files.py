"""Posts made of files that a person names."""

from pathlib import Path

import pytest
from PIL import Image

from keyphrases import named_files
from keyphrases.named_files import named_posts, read_post
from posts.errors import InputError


def draw(path: Path) -> Path:
    Image.new("RGB", (40, 30), "red").save(path)
    return path


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_picture_and_a_text_of_one_name_are_one_post(tmp_path: Path) -> None:
    text, picture = write(tmp_path / "cat.txt", "a cat"), draw(tmp_path / "cat.png")
    other = draw(tmp_path / "dog.png")

    posts = [read_post(post) for post in named_posts([text, picture, other], "an animal")]

    assert [post.id for post in posts] == [str(picture), str(other)]
    assert [post.text for post in posts] == ["a cat", "an animal"]
    assert [post.picture.size for post in posts if post.picture] == [(40, 30), (40, 30)]


def test_a_folder_stands_for_the_pictures_and_texts_in_it(tmp_path: Path) -> None:
    draw(tmp_path / "b.png")
    write(tmp_path / "a.txt", "a text")
    write(tmp_path / "table.csv", "1,2")
    draw(tmp_path / ".hidden.png")
    (tmp_path / "folder.png").mkdir()

    posts = named_posts([tmp_path])

    assert [Path(post.id).name for post in posts] == ["a.txt", "b.png"]


def test_pictures_of_one_name_and_two_endings_are_two_posts(tmp_path: Path) -> None:
    pictures = [draw(tmp_path / "cat.png"), draw(tmp_path / "cat.jpg")]
    assert [post.id for post in named_posts(pictures)] == [str(one) for one in pictures]


def test_text_is_known_by_how_it_begins_where_its_ending_says_nothing(tmp_path: Path) -> None:
    posts = named_posts([write(tmp_path / "README", "é " * 3000), write(tmp_path / "a.rst", "b")])
    assert [len(read_post(post).text) for post in posts] == [6000, 1]


def test_a_text_by_itself_is_a_post() -> None:
    (post,) = named_posts([], "a cat")
    assert read_post(post).text == "a cat"


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("broken.png", b"no picture", "broken picture"),
        ("latin.txt", "caf\xe9".encode("latin-1"), "not text in UTF-8"),
        ("empty.txt", b" \n", "is empty"),
        ("letter.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "broken picture"),
    ],
)
def test_what_cannot_be_used_says_why(
    tmp_path: Path, name: str, content: bytes, error: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (post,) = named_posts([tmp_path / name])
    assert error in (read_post(post).error or "")


def test_a_long_text_is_cut_between_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_files, "_LONGEST_TEXT", 4)
    (post,) = named_posts([write(tmp_path / "long.txt", "abc\xe9def")])
    assert read_post(post).text == "abc"


@pytest.mark.parametrize("name", ["nowhere.png", "empty"])
def test_a_path_with_nothing_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=name):
        named_posts([tmp_path / name])


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="--text"):
        named_posts([])
