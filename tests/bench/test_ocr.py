"""The measurement of what words in pictures are worth."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bench import ocr
from model_store.generation import GenerationSettings
from model_store.keyphraser import Keyphraser
from posts.post import Post
from tests.sample_pictures import encoded, written
from tests.trainer.examples import trainable_base, training_set
from trainer.training_set import TrainingSet

SIGN = written((10, 20, "boat club", 30), size=(200, 80))


@pytest.fixture
def examples(tmp_path: Path) -> TrainingSet:
    pictures = {"sign": SIGN, "empty": Image.new("RGB", SIGN.size, "white")}
    posts = [
        Post(id=name, text="a house", image=encoded(one), keyphrases=("boat club",))
        for name, one in pictures.items()
    ]
    return training_set(tmp_path, [*posts, Post(id="bare", text="a house", keyphrases=("house",))])


def test_words_are_counted_over_the_posts_that_have_a_picture(examples: TrainingSet) -> None:
    words = ocr.read_all(examples)
    assert (words["pictures"], words["with_words"], words["share_with_words"]) == (2, 1, 0.5)
    assert words["found"] == [{"id": "sign", "text": "a house", "words": "boat club"}]
    assert words["seconds_a_picture"]["mean"] > 0


def test_scores_with_and_without_words_are_of_the_same_posts(
    tmp_path: Path, examples: TrainingSet
) -> None:
    base = trainable_base(tmp_path)
    settings = GenerationSettings(beams=2, max_new_tokens=6)
    keyphraser = Keyphraser(base.model, base.processor, base.family, settings)
    compared = ocr.compare(keyphraser, examples, "clean")
    assert compared.pop("posts_answered_otherwise") == 1
    for one in compared.values():
        assert one["difference"]["value"] == one["with"]["value"] - one["without"]["value"]
        low, high = one["difference"]["interval"]
        assert low <= one["difference"]["value"] <= high


def test_without_the_posts_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ocr, "DATA", tmp_path / "valid.parquet")
    monkeypatch.setattr("sys.argv", ["bench.ocr"])
    with pytest.raises(SystemExit) as left:
        ocr.main()
    assert left.value.code == 2
    assert "valid.parquet is not there" in capsys.readouterr().err
