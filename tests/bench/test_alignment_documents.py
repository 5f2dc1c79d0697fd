"""Documents put together for the benchmark, measured with a model that sees and reads all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PIL import Image

from bench.aligning.documents import Remembering, assemble, measure_seed
from model_store.documents.reader import Room
from posts.phrases import Keyphrase
from posts.post import Post
from posts.shown_picture import ShownPicture


class Seeing:
    """Knows a thing by the width of its picture, and by its name; or takes one for another."""

    room = Room()
    has_alignment = False

    def __init__(self, wrong: bool) -> None:
        self.wrong = wrong
        self.asked = 0

    def alignments(self, *_: object) -> None:
        raise AssertionError("it has no vectors")

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        self.asked += len(texts)
        return [
            [Keyphrase(word.strip("."), 0.8) for word in text.split() if word.startswith("thing")]
            if picture is None
            else [Keyphrase(f"thing{picture.width + 100 * self.wrong}", 0.9)]
            for text, picture in zip(texts, pictures, strict=True)
        ]


def posts() -> list[tuple[Post, ShownPicture]]:
    return [
        (
            Post(id=str(n), text=f"Here is thing{n}, alone", keyphrases=(f"thing{n}",)),
            ShownPicture(Image.new("RGB", (n, 5)), None),
        )
        for n in range(20, 60)
    ]


def test_each_post_is_in_one_document_and_distractors_are_of_others() -> None:
    documents = assemble(posts(), 1)
    assert len(documents) == 10
    assert len({caption for one in documents for caption in one.captions}) == 40
    for one in documents:
        sentences = one.document.text.count("thing")
        assert sentences == 8
        assert all(caption in one.document.text for caption in one.captions)
    assert assemble(posts(), 1)[0].captions == documents[0].captions
    assert assemble(posts(), 2)[0].captions != documents[0].captions


@pytest.mark.parametrize("wrong", [False, True])
def test_recovery_and_keyphrases_follow_from_what_the_model_sees(wrong: bool) -> None:
    found = measure_seed(Remembering(Seeing(wrong)), assemble(posts(), 1))  # type: ignore[arg-type]
    assert found["caption_recovery"] == found["image_precision"] == (0 if wrong else 1)
    assert found["f1_with"] == found["f1_without"] == (0 if wrong else 1)
    assert found["f1_first_picture"] == pytest.approx(0 if wrong else 2 / 5)
    assert (found["prompts_without"], found["prompts_with"]) == (4, 16)


def test_what_was_asked_before_is_remembered() -> None:
    seeing = Seeing(False)
    model = Remembering(seeing)  # type: ignore[arg-type]
    picture = Image.new("RGB", (30, 5))
    assert model(["a", "a"], [picture, picture]) == model(["a", "a"], [picture.copy(), picture])
    assert (seeing.asked, model.prompts) == (1, 4)
