from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from model_store.documents.document import Document
from model_store.documents.reader import DocumentReader, Room
from posts.phrases import Keyphrase
from posts.shown_picture import ShownPicture


class Model:
    """Its keyphrases are the words of a text in capitals, and the width of a picture in words."""

    def __init__(self) -> None:
        self.names = {11: "cat", 12: "dog", 13: "pig"}
        self.calls: list[list[tuple[str, int | None]]] = []

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        widths = [None if picture is None else picture.width for picture in pictures]
        self.calls.append(list(zip(texts, widths, strict=True)))
        return [
            [
                Keyphrase(word.lower(), 0.5)
                for word in text.replace(".", "").split()
                if word.isupper()
            ]
            + ([] if width is None else [Keyphrase(self.names[width], 0.4)])
            for text, width in self.calls[-1]
        ]


class AligningModel(Model):
    """Knows which sentences and pictures belong together by what the pictures show."""

    has_alignment = True

    def alignments(self, pictures: Sequence[Image.Image], texts: Sequence[str]) -> np.ndarray:
        kinds = {11: "purrs", 12: "barks", 13: "grunts"}
        return np.array(
            [[0.9 if kinds[one.width] in text else 0.1 for text in texts] for one in pictures]
        )


def shown(width: int, words: str | None = None) -> ShownPicture:
    return ShownPicture(Image.new("RGB", (width, 10)), words)


ROOM = Room(fit=lambda text: min(len(text), 100), most_keyphrases=5)
STORY = "The dog barks at night. My cat purrs by day. Nothing else is here."


def test_documents_are_asked_together_and_answered_apart() -> None:
    model = Model()
    one = Document(text="ALPHA is here", pictures=[shown(11), shown(12)])
    two = Document(text="", pictures=[shown(13, "some WORDS")])
    three = Document(text=" ")
    readings = DocumentReader(model, ROOM)([one, two, three])
    assert model.calls[-1] == [("ALPHA is here", 11), ("ALPHA is here", 12), ("some WORDS", 13)]
    phrases = [[phrase for phrase, _ in reading.keyphrases] for reading in readings]
    assert phrases == [["alpha", "cat", "dog"], ["words", "pig"], []]
    assert readings[0].keyphrases[0].score == 0.75
    assert [reading.lead for reading in readings] == [0, 0, None]
    assert [reading.captions for reading in readings] == [[None, None], [None], []]


def test_each_picture_is_asked_beside_its_caption() -> None:
    for model in (Model(), AligningModel()):
        (reading,) = DocumentReader(model, ROOM)(
            [Document(text=STORY, pictures=[shown(11), shown(12), shown(13)])]
        )
        assert reading.captions == ["My cat purrs by day.", "The dog barks at night.", None]
        assert model.calls[-1] == [
            (f"My cat purrs by day.\n{STORY}", 11),
            (f"The dog barks at night.\n{STORY}", 12),
            (STORY, 13),
        ]


def test_vectors_find_a_caption_that_no_word_tells() -> None:
    text = "It barks at night. She purrs by day. Nothing else is here."
    document = Document(text=text, pictures=[shown(11), shown(12)])
    (reading,) = DocumentReader(AligningModel(), ROOM)([document])
    assert reading.captions == ["She purrs by day.", "It barks at night."]
    (reading,) = DocumentReader(Model(), ROOM)([document])
    assert reading.captions == [None, None]


def test_every_chunk_is_asked_and_pictures_stand_in_order_where_nothing_names_them() -> None:
    model = Model()
    text = " ".join(f"{name} {'is here and ' * 6}stays." for name in "ABCD")
    pictures = [shown(11), shown(12)]
    DocumentReader(model, ROOM)([Document(text=text, pictures=pictures)])
    assert [(part[0], width) for part, width in model.calls[-1]] == [
        *[("A", 11), ("C", 12), ("B", None), ("D", None)]
    ]


def test_a_picture_goes_to_the_chunk_that_names_it() -> None:
    model = Model()
    text = " ".join(f"{name} {'is here and ' * 6}stays." for name in ["A", "B", "Dog C", "D"])
    (reading,) = DocumentReader(model, ROOM)([Document(text=text, pictures=[shown(12)])])
    said = f"Dog C {'is here and ' * 6}stays."
    assert reading.captions == [said]
    assert model.calls[-1][0] == (f"{said}\n{said}", 12)
    # Beside its caption the chunk does not fit as a whole, so it is asked alone, too.
    assert model.calls[-1][1:] == [
        (f"{name} {'is here and ' * 6}stays.", None) for name in ["A", "B", "Dog C", "D"]
    ]


def test_a_long_text_has_a_summary_and_a_surest_picture() -> None:
    text = " ".join(
        [*["This says nothing at all to anyone."] * 9, "The DOG barks.", "A cat, a cat!"]
    )
    (reading,) = DocumentReader(Model(), ROOM)(
        [Document(text=text, pictures=[shown(13), shown(12)])]
    )
    assert reading.lead == 1
    assert reading.summary is not None
    assert "The DOG barks." in reading.summary
    (reading,) = DocumentReader(Model(), ROOM)([Document(text=STORY, pictures=[shown(11)] * 2)])
    assert reading.summary is None


def test_no_documents_are_no_question() -> None:
    model = Model()
    assert DocumentReader(model, ROOM)([]) == []
    assert model.calls == []


def test_a_model_without_room_of_its_own_is_given_some() -> None:
    model = Model()
    (reading,) = DocumentReader.of(model)([Document(text="WORD " * 1000)])
    assert [phrase for phrase, _ in reading.keyphrases] == ["word"]
    assert len(model.calls[0]) == 3
