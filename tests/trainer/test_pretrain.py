"""Pretraining: its lessons, its phases, and what ships because of it."""

import itertools
import json

import torch

from model_store.base import load_base
from model_store.base_names import SMALL
from model_store.prompt import QUESTION
from posts.drawn import COLOURS, PRACTICE, THINGS, drawn_posts
from trainer.lessons import IGNORED, LessonBatches, PictureBatches, lessons
from trainer.pretrain import PretrainConfig, pretrain
from trainer.small_base import build_model, build_processor


def some_lessons(lists=0.5):
    return list(itertools.islice(lessons("test", lists), 300))


def test_no_lesson_has_the_keyphrase_question_or_a_topic_of_the_sample_posts():
    sample = {post.keyphrases[0] for post in drawn_posts("test", 100)}
    for lesson in some_lessons():
        assert lesson.question != QUESTION
        assert not any(topic in f"{lesson.text} {lesson.answer}" for topic in sample)


def test_lessons_ask_for_the_picture_or_the_text_and_for_one_answer_or_a_list():
    told = some_lessons()
    shown = {f"{colour} {thing}" for colour in COLOURS for thing in THINGS}

    assert len({lesson.question for lesson in told}) == 4
    assert any(lesson.answer.removeprefix("a ") in shown for lesson in told)
    assert any(lesson.answer in PRACTICE.topics for lesson in told)
    assert any(", " in lesson.answer for lesson in told)
    assert not any(", " in lesson.answer for lesson in some_lessons(lists=0.0))


def test_a_batch_labels_the_answer_and_nothing_else():
    processor = build_processor()
    batch = next(iter(LessonBatches(processor, 8, seed=1, lists=0.0)))

    for ids, labels in zip(batch.input_ids, batch.labels, strict=True):
        answer = processor.tokenizer.decode(labels[labels != IGNORED])
        assert answer.endswith("</s>")
        assert processor.tokenizer.decode(ids).endswith(answer)


def test_pictures_are_prepared_as_the_processor_prepares_them():
    processor = build_processor()
    pixels, _, _ = next(iter(PictureBatches(72, 4, seed=1)))

    picture = pixels[0]
    theirs = processor.image_processor(picture, return_tensors="pt").pixel_values[0]
    assert torch.allclose(picture.float().div(127.5).sub(1.0), theirs, atol=1e-5)


def test_a_phase_that_is_done_is_not_done_again(tmp_path):
    config = PretrainConfig(seeing_steps=1, answering_steps=1, listing_steps=1, batch_size=2)
    pretrain(config, tmp_path)
    facts = json.loads((tmp_path / "base.json").read_text())
    del facts["loss"]["listing"]
    facts["loss"]["seeing"] = "as it was"
    (tmp_path / "base.json").write_text(json.dumps(facts))

    pretrain(config, tmp_path)

    loss = json.loads((tmp_path / "base.json").read_text())["loss"]
    assert loss["seeing"] == "as it was"
    assert len(loss["listing"]) == 1


def test_the_base_that_ships_is_of_this_architecture_and_small():
    base = load_base(SMALL)

    expected = build_model(build_processor())
    assert {name: p.shape for name, p in base.model.state_dict().items()} == {
        name: p.shape for name, p in expected.state_dict().items()
    }
    assert sum(p.numel() for p in base.model.parameters()) * 2 < 5_000_000
    assert base.processor.tokenizer.get_vocab() == build_processor().tokenizer.get_vocab()
