"""Posts that lose a part."""

from pathlib import Path

from posts.drawn import drawn_posts
from tests.trainer.examples import mixed_posts, training_set
from trainer.scenarios.removal import missing

POSTS = 40


def lost(folder: Path, share: float, backwards: bool = False) -> dict[str, str]:
    """What each post that loses something loses."""
    posts = list(drawn_posts("lost", POSTS))
    examples = training_set(folder, posts[::-1] if backwards else posts)
    found = {}
    for row in range(POSTS):
        text, picture = missing(share)(examples, row)
        assert text or picture is not None
        if not text:
            found[examples[row].id] = "text"
        elif picture is None:
            found[examples[row].id] = "picture"
    return found


def test_the_share_is_exact_and_half_each(tmp_path: Path) -> None:
    found = list(lost(tmp_path, 0.5).values())
    assert (found.count("text"), found.count("picture")) == (10, 10)


def test_who_loses_what_does_not_depend_on_the_order(tmp_path: Path) -> None:
    assert lost(tmp_path / "a", 0.3) == lost(tmp_path / "b", 0.3, backwards=True)


def test_a_larger_share_holds_the_smaller(tmp_path: Path) -> None:
    assert lost(tmp_path / "a", 0.2).items() < lost(tmp_path / "b", 0.7).items()


def test_posts_of_one_part_keep_it(tmp_path: Path) -> None:
    examples = training_set(tmp_path, mixed_posts(POSTS))
    for row in range(POSTS):
        text, picture = missing(1.0)(examples, row)
        assert text or picture is not None
