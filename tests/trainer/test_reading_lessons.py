"""Lessons in reading: afterwards a model says what its projector says, and was told no gold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from model_store.base import Base, load_base
from model_store.base_names import SMALL
from model_store.lora import LoraSettings, attach_lora
from model_store.prompt import Prompt
from posts.errors import InputError
from posts.post import Post
from tests.trainer.examples import trainable_base, training_set
from tests.trainer.test_projector_warm_up import coloured
from trainer.checkpoint import copy_weights
from trainer.config import TrainConfig
from trainer.image_words import ImageWords
from trainer.loop import Worker
from trainer.preparation import prepare
from trainer.progress import Event, Lesson, WarmedUp
from trainer.projector_warm_up import warm_up_projector
from trainer.reading_lessons import _Lessons, teach_reading
from trainer.step import StandardStep
from trainer.training_set import TrainingSet
from trainer.vision_cache import VisionCache

CONFIG = TrainConfig(
    cache_vision=True,
    projector_warm_up=20,
    reading_lessons=40,
    batch_size=8,
    micro_batch_size=8,
    precision="fp32",
)
CPU = Worker(device=torch.device("cpu"))


class School:
    """A warmed-up base and all that lessons need."""

    def __init__(self, folder: Path, posts: list[Post], base: Base | None = None) -> None:
        self.base = base or trainable_base(folder)
        self.examples: TrainingSet = training_set(folder, posts)
        self.vision = VisionCache.open(self.base, self.examples, folder)
        self.prompt = Prompt(self.base.processor, self.base.family)
        words = warm_up_projector(self.base, self.examples, self.vision, epochs=20, seed=0)
        assert words is not None
        self.words: ImageWords = words

    def teach(self, config: TrainConfig = CONFIG, worker: Worker = CPU) -> list[float]:
        """The loss of every update."""
        losses: list[float] = []
        teach_reading(
            self.base,
            self.examples,
            self.vision,
            self.words,
            self.prompt,
            config=config,
            worker=worker,
            advance=lambda _update, loss: losses.append(loss),
        )
        return losses

    def lessons(self, seed: int = 0) -> _Lessons:
        rows = [row for row in range(len(self.examples)) if self.examples[row].image is not None]
        return _Lessons(self.base, rows, self.vision, self.words, self.prompt, seed)


def test_a_model_learns_to_read_what_it_has_not_seen(tmp_path: Path) -> None:
    base = load_base(SMALL)
    torch.manual_seed(0)
    attach_lora(base.model, base.family, LoraSettings(r=8, alpha=16))
    school = School(tmp_path, coloured(24), base)

    def preference() -> float:
        """Loss on new lessons, as a share of that with the pictures of others."""
        lesson = school.lessons()(list(range(24)), 99_999)
        inputs = dict(lesson.batch.inputs)
        states = inputs["vision_states"]
        step = StandardStep(base.model, base.family)
        right = step(lesson.ids, lesson.batch).total
        inputs["vision_states"] = states.roll(len(states) // 24, 0)
        wrong = step(lesson.ids, replace(lesson.batch, inputs=inputs)).total
        base.model.zero_grad()
        return float(right / wrong)

    assert preference() > 0.9
    school.teach()
    assert preference() < 0.8


@pytest.mark.parametrize("family", ["idefics3", "qwen2_vl"])
def test_other_families_have_lessons_too(tmp_path: Path, family: str) -> None:
    losses = School(tmp_path, coloured(16), trainable_base(tmp_path, family)).teach()
    assert len(losses) == CONFIG.reading_lessons
    assert sum(losses[-10:]) < 0.97 * sum(losses[:10])


def test_gold_is_not_looked_at_in_a_lesson(tmp_path: Path) -> None:
    posts = coloured(8)
    school = School(tmp_path, posts)
    before = school.lessons()([0, 1, 2], 5)
    # The same pictures, each with the gold of its neighbour.
    golds = [post.keyphrases for post in posts[1:] + posts[:1]]
    others = [replace(post, keyphrases=gold) for post, gold in zip(posts, golds, strict=True)]
    (tmp_path / "others").mkdir()
    school.examples = training_set(tmp_path / "others", others)
    after = school.lessons()([0, 1, 2], 5)
    assert same(before.batch.inputs, after.batch.inputs)
    assert torch.equal(labels(before), labels(after))


def test_targets_are_what_the_tokens_of_that_view_say(tmp_path: Path) -> None:
    school = School(tmp_path, coloured(12))
    tokenizer = school.base.processor.tokenizer
    lesson = school.lessons()([0, 1, 2, 3, 4, 5], 3)
    states = lesson.batch.inputs["vision_states"].float().chunk(6)
    with torch.no_grad():
        project, model = school.base.family.project, school.base.model
        means = torch.stack([project(model, one).mean(0) for one in states])
    for row, said in zip(labels(lesson), school.words.say(means, 3), strict=True):
        written = tokenizer.decode(row[row >= 0], skip_special_tokens=True)
        assert written.strip() == ", ".join(said)


def test_targets_stay_those_of_the_projector_before_the_lessons(tmp_path: Path) -> None:
    school = School(tmp_path, coloured(8))
    lessons = school.lessons()
    before = lessons([0, 1, 2], 1)
    for parameter in school.base.family.projector(school.base.model).parameters():
        parameter.data.zero_()
    assert torch.equal(labels(before), labels(lessons([0, 1, 2], 1)))


def test_lessons_follow_from_seed_update_and_picture(tmp_path: Path) -> None:
    school = School(tmp_path, coloured(8))
    first = school.lessons()([0, 1], 1).batch.inputs
    assert same(first, school.lessons()([0, 1], 1).batch.inputs)
    alone = school.lessons()([1], 1).batch.inputs["vision_states"]
    assert torch.equal(first["vision_states"].chunk(2)[1], alone)
    for other in (school.lessons()([0, 1], 2), school.lessons(seed=1)([0, 1], 1)):
        assert not same(first, other.batch.inputs)


def test_micro_batches_change_nothing(tmp_path: Path) -> None:
    weights = []
    for size in (8, 3):
        school = School(tmp_path, coloured(8))
        school.teach(replace(CONFIG, reading_lessons=3, micro_batch_size=size))
        weights.append(copy_weights(school.base.model))
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=1e-4) for name in weights[0])


def test_posts_without_a_picture_are_passed_over(tmp_path: Path) -> None:
    posts = coloured(6)
    school = School(tmp_path, [replace(posts[0], image=None, text="no picture"), *posts[1:]])
    assert len(school.teach(replace(CONFIG, reading_lessons=2))) == 2


def test_preparation_tells_its_passes_and_then_its_lessons(tmp_path: Path) -> None:
    school = School(tmp_path, coloured(8))
    events: list[Event] = []
    prepare(
        school.base,
        school.examples,
        school.vision,
        school.prompt,
        config=replace(CONFIG, projector_warm_up=2, reading_lessons=3),
        worker=CPU,
        report=events.append,
    )
    assert [type(one) for one in events] == [WarmedUp, WarmedUp, Lesson, Lesson, Lesson]


def test_without_a_warm_up_there_is_nothing_to_read() -> None:
    with pytest.raises(InputError, match="reading_lessons needs projector_warm_up"):
        TrainConfig(reading_lessons=1)


def labels(lesson: object) -> Tensor:
    found = lesson.batch.labels  # type: ignore[attr-defined]
    assert isinstance(found, Tensor)
    return found


def same(one: object, other: object) -> bool:
    inputs, others = dict(one), dict(other)  # type: ignore[call-overload]
    return all(torch.equal(inputs[name], others[name]) for name in inputs)
