"""Pictures come out of their folder, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from posts.errors import InputError, Reason
from posts.imports.picture_folder import PictureFolder, picture_name
from posts.post import Post
from tests.posts.imports.published import WEB
from tests.sample_pictures import encoded, huge_png, plain

GOOD = encoded(plain())


@pytest.mark.parametrize(
    ("named", "name"),
    [
        (f"{WEB}/D1-a_b.jpg", "D1-a_b.jpg"),
        (f"{WEB}/a.jpg?format=jpg#x/y", "a.jpg"),
        (f"HTTP://x/{'..'}", ".."),
        ("a.jpg", "a.jpg"),
        ("sub/a.jpg", "sub/a.jpg"),
        ("../a.jpg", "../a.jpg"),
    ],
)
def test_a_picture_is_named_by_the_end_of_its_address(named: str, name: str) -> None:
    assert picture_name(named) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../outside.png", Reason.PICTURE_REFUSED),
        ("sub/../../outside.png", Reason.PICTURE_REFUSED),
        ("{outside}", Reason.PICTURE_REFUSED),
        ("file://{outside}", Reason.PICTURE_REFUSED),
        ("s3://bucket/x.png", Reason.PICTURE_REFUSED),
        ("..\\outside.png", Reason.PICTURE_REFUSED),
        ("link.png", Reason.PICTURE_REFUSED),
        ("linked/outside.png", Reason.PICTURE_REFUSED),
        ("..", Reason.PICTURE_REFUSED),
        ("a\0.png", Reason.PICTURE_REFUSED),
        ("gone.png", Reason.PICTURE_MISSING),
        ("sub", Reason.PICTURE_MISSING),
        ("text.png", Reason.BROKEN_PICTURE),
        ("cut.png", Reason.BROKEN_PICTURE),
        ("huge.png", Reason.PICTURE_TOO_LARGE),
    ],
)
def test_a_picture_that_is_not_to_be_had_costs_the_post_nothing_else(
    tmp_path: Path, name: str, reason: Reason
) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(GOOD)
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    (folder / "link.png").symlink_to(outside)
    (folder / "linked").symlink_to(tmp_path)
    (folder / "text.png").write_bytes(b"not a picture")
    (folder / "cut.png").write_bytes(GOOD[:50])
    (folder / "huge.png").write_bytes(huge_png())
    post = Post(id="1", text="x", image_uri=name.format(outside=outside), keyphrases=("a",))
    ((attached, error),) = PictureFolder(folder).attach([post])
    assert error is not None
    assert error.reason is reason
    assert attached == Post(id="1", text="x", keyphrases=("a",))


def test_posts_keep_their_order_and_get_their_pictures(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    names = [f"sub/{number}.png" for number in range(70)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(encoded(plain(colour=(number, 0, 0))))
    posts = [Post(id=name, text="x", image_uri=name) for name in names] + [Post(id="x", text="x")]
    attached = list(PictureFolder(tmp_path).attach(posts))
    assert [post.id for post, _ in attached] == [*names, "x"]
    for post, error in attached[:-1]:
        assert error is None
        assert post.image == (tmp_path / post.id).read_bytes()
        assert post.image_uri is None
    assert attached[-1] == (posts[-1], None)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        PictureFolder(tmp_path / "gone")
