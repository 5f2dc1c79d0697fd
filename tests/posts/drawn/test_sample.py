"""Drawn posts: repeatable, and made so that neither text nor picture is enough."""

import io

from PIL import Image

from posts.drawn import COLOURS, PRACTICE, SAMPLE, THINGS, drawn_posts, write_sample_dump
from posts.dump import Dump


def test_the_same_split_and_number_give_the_same_post():
    assert list(drawn_posts("train", 5)) == list(drawn_posts("train", 5))


def test_splits_share_no_picture():
    pictures = [post.image for split in ("train", "test") for post in drawn_posts(split, 50)]

    assert len(set(pictures)) == 100


def test_one_gold_phrase_is_in_the_text_alone_and_one_in_the_picture_alone():
    for post in drawn_posts("train", 200):
        topic, shown = post.keyphrases
        assert topic in post.text
        assert not set(shown.split()) & set(post.text.split())


def test_the_topic_is_often_not_the_only_phrase_of_its_kind_in_the_text():
    several = sum(
        sum(topic in post.text for topic in SAMPLE.topics) > 1 for post in drawn_posts("train", 300)
    )

    assert several > 100


def test_no_wording_speaks_of_colours_or_things():
    seen = {*COLOURS, *THINGS}
    for wording in (PRACTICE, SAMPLE):
        words = {word for line in (*wording.topics, *wording.sentences) for word in line.split()}
        assert not words & seen


def test_practice_and_sample_share_neither_topic_nor_sentence():
    assert not set(PRACTICE.topics) & set(SAMPLE.topics)
    assert not set(PRACTICE.sentences) & set(SAMPLE.sentences)


def test_a_picture_shows_its_colour_on_a_pale_ground():
    post = next(drawn_posts("train", 1))
    picture = Image.open(io.BytesIO(post.image))
    colour = COLOURS[post.keyphrases[1].split()[0]]

    near = sum(
        all(abs(a - b) < 30 for a, b in zip(pixel, colour, strict=True))
        for pixel in picture.get_flattened_data()
    )
    assert near > 0.05 * picture.width * picture.height


def test_the_sample_dump_reads_back_as_the_drawn_posts(tmp_path):
    write_sample_dump(tmp_path, {"train": 3, "test": 2})

    dump = Dump.open(str(tmp_path))
    posts = {post.id: post for post in dump.posts()}

    assert set(posts) == {"train-00000", "train-00001", "train-00002", "test-00000", "test-00001"}
    for drawn in drawn_posts("train", 3):
        read = posts[drawn.id]
        assert read.error is None
        assert (read.text, read.keyphrases, read.created_at, read.extra) == (
            drawn.text,
            drawn.keyphrases,
            drawn.created_at,
            drawn.extra,
        )
        assert dump.picture(read) == drawn.image
