"""Posts made of files that a person names."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from keyphrases.named_files import NamedPost, named_posts, read_post
from posts.errors import InputError
from posts.picture_size import PictureSize

SIDE = 64
SIZE = PictureSize(side=SIDE)


def draw(path: Path, colour: str = "red") -> Path:
    Image.new("RGB", (40, 30), colour).save(path)
    return path


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def files(folder: Path, *names: str) -> list[Path]:
    """Pictures, and texts that say their own names."""
    return [
        write(folder / name, name) if name.endswith((".txt", ".md")) else draw(folder / name)
        for name in names
    ]


def texts(posts: list[NamedPost]) -> dict[str, str]:
    """What goes with each post, by the name of its file."""
    return {Path(post.id).name: read_post(post, SIZE).text for post in posts}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["cat.txt", "cat.jpg"], {"cat.jpg": "cat.txt"}),
        (["cat.jpg", "cat.jpg.txt"], {"cat.jpg": "cat.jpg.txt"}),
        (["cat.jpg", "cat.png", "cat.txt"], {"cat.jpg": "cat.txt", "cat.png": "cat.txt"}),
        (["cat.jpg", "cat.png", "cat.png.txt"], {"cat.jpg": "given", "cat.png": "cat.png.txt"}),
        (["cat.txt", "cat.jpg.txt", "cat.jpg"], {"cat.txt": "cat.txt", "cat.jpg": "cat.jpg.txt"}),
        (["cat.jpg", "cat.txt", "cat.md"], {"cat.jpg": "cat.txt", "cat.md": "cat.md"}),
        (["cat.v2.jpg", "cat.txt"], {"cat.v2.jpg": "given", "cat.txt": "cat.txt"}),
    ],
)
def test_a_text_belongs_to_the_pictures_whose_name_it_has(
    tmp_path: Path, names: list[str], expected: dict[str, str]
) -> None:
    posts = named_posts(files(tmp_path, *names, "dog.jpg"), "given")
    assert texts(posts) == expected | {"dog.jpg": "given"}


def test_a_text_of_another_folder_belongs_to_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    named = [*files(tmp_path / "a", "cat.jpg"), *files(tmp_path / "b", "cat.txt")]
    assert texts(named_posts(named)) == {"cat.jpg": "", "cat.txt": "cat.txt"}


def test_a_file_is_one_post_however_often_and_in_whatever_way_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, _ = files(tmp_path, "cat.png", "cat.txt")
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    ways = [picture, Path("cat.png"), tmp_path, Path(), tmp_path / "link" / "cat.png"]

    posts = named_posts(ways)

    assert [post.id for post in posts] == [str(picture)]
    assert texts(posts) == {"cat.png": "cat.txt"}


def test_a_link_has_its_own_name_and_text(tmp_path: Path) -> None:
    picture, _, _ = files(tmp_path, "cat.png", "cat.txt", "link.txt")
    (tmp_path / "link.png").symlink_to(picture)
    assert texts(named_posts([tmp_path])) == {"cat.png": "cat.txt", "link.png": "link.txt"}


def test_a_folder_stands_for_the_pictures_and_texts_in_it(tmp_path: Path) -> None:
    files(tmp_path, "b.png", "a.txt", ".hidden.png")
    write(tmp_path / "table.csv", "1,2")
    (tmp_path / "folder.png").mkdir()
    assert list(texts(named_posts([tmp_path]))) == ["a.txt", "b.png"]


def test_text_is_known_by_how_it_begins_where_its_ending_says_nothing(tmp_path: Path) -> None:
    posts = named_posts([write(tmp_path / "README", "é " * 3000), write(tmp_path / "a.rst", "b")])
    assert [len(read_post(post, SIZE).text) for post in posts] == [6000, 1]


def test_a_text_by_itself_is_a_post() -> None:
    (post,) = named_posts([], "a cat")
    assert read_post(post, SIZE).text == "a cat"


def test_a_text_that_goes_with_no_picture_is_refused(tmp_path: Path) -> None:
    named = files(tmp_path, "notes.txt", "cat.png", "cat.txt")
    with pytest.raises(InputError, match="--text is for pictures without a text of their own"):
        named_posts(named, "a cat")
    assert texts(named_posts([*named, *files(tmp_path, "dog.png")], "a dog"))["dog.png"] == "a dog"


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="--text"):
        named_posts([])


def error_of(path: Path) -> str:
    (post,) = named_posts([path])
    read = read_post(post, SIZE)
    assert (read.id, read.picture) == (str(path), None)
    assert read.error is not None
    return read.error


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("broken.png", b"no picture", "broken picture"),
        ("nothing.png", b"", "is empty"),
        ("empty.txt", b" \n", "is empty"),
        ("latin.txt", "caf\xe9".encode("latin-1"), "is not text in UTF-8 (byte 4"),
        ("letter.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "neither text in UTF-8 nor a picture"),
    ],
)
def test_what_cannot_be_used_says_why(
    tmp_path: Path, name: str, content: bytes, error: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert error in error_of(tmp_path / name)


def test_a_picture_whose_text_is_broken_names_the_text(tmp_path: Path) -> None:
    picture, text = files(tmp_path, "cat.png", "cat.txt")
    text.write_bytes(b"caf\xe9")
    (post,) = named_posts([picture, text])
    error = read_post(post, SIZE).error
    assert error is not None
    assert error.startswith(f"its text {text} is not text in UTF-8")


def test_a_path_that_cannot_be_used_leaves_the_others_alone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "dangling.png").symlink_to("nowhere.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    errors = {
        tmp_path / "nowhere.png": "is not there",
        tmp_path / "empty": "has no picture or text in it (.bmp",
        tmp_path / "pipe.txt": "is neither a file nor a folder",
        Path("/dev/zero"): "is neither a file nor a folder",
        tmp_path / "dangling.png": "is a link to nothing",
        tmp_path / "loop.png": "cannot be read: Too many levels of symbolic links",
        tmp_path / f"{'n' * 300}.png": "cannot be read: File name too long",
        Path("-"): "standard input is not read",
    }
    good = draw(tmp_path / "good.png")

    read = [read_post(post, SIZE) for post in named_posts([*errors, good])]

    assert [one.id for one in read] == [str(path) for path in [*errors, good]]
    assert read[-1].error is None
    for expected, one in zip(errors.values(), read[:-1], strict=True):
        assert expected in (one.error or "")


def test_a_file_that_may_not_be_read_says_so() -> None:
    # Not below tmp_path, which nobody but its owner may enter.
    with another_user_than_root(), tempfile.TemporaryDirectory() as folder:
        secret = write(Path(folder) / "secret.txt", "secret")
        secret.chmod(0)
        assert error_of(secret) == "cannot be read: Permission denied"


@contextmanager
def another_user_than_root() -> Iterator[None]:
    """Root may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_name_in_no_encoding_still_has_an_id_in_unicode(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    (post,) = named_posts([write(path, "a café")])
    assert post.id == f"{tmp_path}/caf\ufffd.txt"
    assert read_post(post, SIZE).text == "a café"


def test_a_large_picture_is_shrunk_to_what_the_model_sees(tmp_path: Path) -> None:
    Image.new("RGB", (400, 300)).save(tmp_path / "large.png")
    (post,) = named_posts([tmp_path / "large.png"])
    picture = read_post(post, SIZE).picture
    assert picture is not None
    assert picture.size == (85, SIDE)


def shown(path: Path) -> Image.Image:
    (post,) = named_posts([path])
    picture = read_post(post, SIZE).picture
    assert picture is not None
    assert picture.mode == "RGB"
    return picture


def test_pictures_of_all_kinds_are_shown_as_a_person_sees_them(tmp_path: Path) -> None:
    blue, red = Image.new("RGB", (40, 30), "blue"), Image.new("RGB", (40, 30), "red")
    blue.save(tmp_path / "moving.gif", save_all=True, append_images=[red])
    assert shown(tmp_path / "moving.gif").getpixel((0, 0)) == (0, 0, 255)
    lying = Image.Exif()
    lying[0x0112] = 6
    red.save(tmp_path / "lying.jpg", exif=lying)
    assert shown(tmp_path / "lying.jpg").size == (30, 40)
    Image.new("RGBA", (40, 30), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert shown(tmp_path / "clear.png").getpixel((0, 0)) == (255, 255, 255)
    red.quantize(4).save(tmp_path / "palette.png")
    assert shown(tmp_path / "palette.png").getpixel((0, 0)) == (255, 0, 0)
