"""Asking a model about posts with gold keyphrases."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from model_store.generation import GenerationSettings
from model_store.keyphraser import Keyphraser
from posts.errors import InputError
from posts.post import Post
from tests.sample_pictures import encoded, written
from tests.trainer.examples import mixed_posts, trainable_base, training_set
from trainer.evaluation import evaluate
from trainer.metrics import score
from trainer.report import Report
from trainer.scenarios import PLAIN, find_scenario
from trainer.training_set import TrainingSet

POSTS = 70


@pytest.fixture
def examples(tmp_path: Path) -> TrainingSet:
    return training_set(tmp_path, mixed_posts(POSTS))


@dataclass
class Asked:
    """What a model was asked, and how often."""

    posts: list[tuple[str, Image.Image | None]] = field(default_factory=list)


def keyphraser_that_notes(
    folder: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> Keyphraser:
    base = trainable_base(folder)
    settings = GenerationSettings(beams=2, max_new_tokens=2, batch_size=32)
    keyphraser = Keyphraser(base.model, base.processor, base.family, settings)
    ask = Keyphraser.__call__

    def noting(self: Keyphraser, texts: list[str], pictures: list[Image.Image | None]):  # type: ignore[no-untyped-def]  # wraps __call__
        asked.posts += zip(texts, pictures, strict=True)
        return ask(self, texts, pictures)

    monkeypatch.setattr(Keyphraser, "__call__", noting)
    return keyphraser


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_every_post_has_a_case_and_only_what_is_left_is_asked(
    tmp_path: Path, examples: TrainingSet, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, done = Asked(), []
    keyphraser = keyphraser_that_notes(tmp_path, asked, monkeypatch)
    result = evaluate(keyphraser, examples, name, done.append)
    assert [case.id for case in result.cases] == [example.id for example in examples]
    assert result.scores == score(result.cases)
    assert sum(done) == POSTS
    assert all(text or picture is not None for text, picture in asked.posts)
    texts, pictures = zip(*asked.posts, strict=True)
    if name == "text-only":
        assert set(pictures) == {None}
        assert len(texts) == sum(bool(example.text) for example in examples)
    elif name == "image-only":
        assert set(texts) == {""}
        assert len(texts) == sum(example.image is not None for example in examples)
    else:
        assert len(texts) == POSTS
        assert any(texts)
        assert any(pictures)


def test_a_post_with_nothing_left_counts_as_predicting_nothing(
    tmp_path: Path, examples: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyphraser = keyphraser_that_notes(tmp_path, Asked(), monkeypatch)
    cases = evaluate(keyphraser, examples, "text-only").cases
    for example, case in zip(examples, cases, strict=True):
        if not example.text:
            assert list(case.predicted) == []


def test_words_in_pictures_are_shown_and_not_taken_for_the_posts_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign = encoded(written((10, 20, "boat club", 30), size=(200, 80)))
    post = Post(id="a", text="a house", image=sign, keyphrases=("boat club",))
    asked = Asked()
    keyphraser = keyphraser_that_notes(tmp_path, asked, monkeypatch)
    result = evaluate(keyphraser, training_set(tmp_path, [post]), ocr=True)
    assert [text for text, _ in asked.posts] == ["a house\nboat club"]
    assert [case.text for case in result.cases] == ["a house"]
    assert Report.of("tagger@1", "posts", [result], {}).asked == "tagger@1 with OCR"


def test_an_unknown_scenario_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(InputError, match="'upside-down'; choose from clean, text-only"):
        find_scenario("upside-down")
