"""What of a post each scenario shows."""

from collections import Counter
from pathlib import Path

from PIL import Image

from posts.pictures import decode_picture
from posts.post import Post
from tests.trainer.examples import mixed_posts, training_set
from trainer.scenarios.shuffling import shuffled as shuffled_share
from trainer.training_set import TrainingSet

POSTS = 40
shuffled = shuffled_share(1.0)


def digests(examples: TrainingSet) -> list[bytes | None]:
    return [
        None if image is None else decode_picture(image).tobytes()
        for image in (examples[row].image for row in range(len(examples)))
    ]


def digest(picture: Image.Image | None) -> bytes | None:
    return None if picture is None else picture.tobytes()


def test_shuffled_shows_each_picture_once_and_none_with_its_own_post(tmp_path: Path) -> None:
    """A third of the posts have no picture, and get none."""
    examples = training_set(tmp_path, mixed_posts(POSTS))
    own = digests(examples)
    shown = [shuffled(examples, row) for row in range(POSTS)]
    assert Counter(own) == Counter(digest(one.picture) for one in shown)
    for row, one in enumerate(shown):
        assert one.text == examples[row].text
        assert (digest(one.picture) != own[row]) == (own[row] is not None)


def test_shuffled_is_the_same_each_time(tmp_path: Path) -> None:
    first = training_set(tmp_path / "first", mixed_posts(POSTS))
    again = training_set(tmp_path / "again", mixed_posts(POSTS))
    for row in range(POSTS):
        assert digest(shuffled(first, row).picture) == digest(shuffled(again, row).picture)


def test_the_only_picture_is_removed_for_it_has_none_to_change_places_with(tmp_path: Path) -> None:
    with_picture = next(iter(mixed_posts(1)))
    without = Post(id="other", text="no picture here", keyphrases=("word",))
    examples = training_set(tmp_path, [with_picture, without])
    assert shuffled(examples, 0) == (with_picture.text, None)


def test_a_share_of_one_post_is_two_that_change_places(tmp_path: Path) -> None:
    """Alone it could only lose its picture, which is another scenario."""
    examples = training_set(tmp_path, mixed_posts(9))
    own = digests(examples)
    shown = [digest(shuffled_share(0.2)(examples, row).picture) for row in range(9)]
    assert Counter(shown) == Counter(own)
    assert sum(one != other for one, other in zip(own, shown, strict=True)) == 2


def test_a_share_of_the_pictures_changes_places_among_itself(tmp_path: Path) -> None:
    examples = training_set(tmp_path, mixed_posts(POSTS))
    own = digests(examples)
    pictured = sum(one is not None for one in own)
    changed: list[set[int]] = []
    for share in (0.25, 0.5, 1.0):
        shown = [digest(shuffled_share(share)(examples, row).picture) for row in range(POSTS)]
        assert Counter(shown) == Counter(own)
        changed.append({row for row in range(POSTS) if shown[row] != own[row]})
        assert len(changed[-1]) == round(share * pictured)
    assert changed[0] < changed[1] < changed[2]
