from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from model_store.documents.document import Document
from model_store.documents.reader import DocumentReader, Room
from posts.phrases import Keyphrase
from posts.shown_picture import ShownPicture


class Model:
    """Its keyphrases are the first word of a text and the width of a picture."""

    def __init__(self) -> None:
        self.calls: list[list[tuple[str, int | None]]] = []

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        widths = [None if picture is None else picture.width for picture in pictures]
        self.calls.append(list(zip(texts, widths, strict=True)))
        return [
            [Keyphrase(word, 0.5) for word in text.split()[:1]]
            + ([] if width is None else [Keyphrase(str(width), 0.4)])
            for text, width in self.calls[-1]
        ]


def shown(width: int, words: str | None = None) -> ShownPicture:
    return ShownPicture(Image.new("RGB", (width, 10)), words)


ROOM = Room(fit=lambda text: min(len(text), 100), most_keyphrases=5)


def test_documents_are_asked_together_and_answered_apart() -> None:
    model = Model()
    one = Document(text="alpha is here", pictures=[shown(11), shown(12)])
    two = Document(text="", pictures=[shown(13, "words")])
    three = Document(text=" ")
    readings = DocumentReader(model, ROOM)([one, two, three])
    assert model.calls == [[("alpha is here", 11), ("alpha is here", 12), ("words", 13)]]
    phrases = [[phrase for phrase, _ in reading.keyphrases] for reading in readings]
    assert phrases == [["alpha", "11", "12"], ["words", "13"], []]
    assert readings[0].keyphrases[0].score == 0.75


def test_every_chunk_is_asked_and_pictures_stand_beside_them_in_order() -> None:
    model = Model()
    text = " ".join(f"{name} {'is here and ' * 6}stays." for name in "ABCD")
    pictures = [shown(11), shown(12)]
    DocumentReader(model, ROOM)([Document(text=text, pictures=pictures)])
    (asked,) = model.calls
    assert [(part[0], width) for part, width in asked] == [
        *[("A", 11), ("C", 12), ("B", None), ("D", None)]
    ]


def test_no_documents_are_no_question() -> None:
    model = Model()
    assert DocumentReader(model, ROOM)([]) == []
    assert model.calls == []


def test_a_model_without_room_of_its_own_is_given_some() -> None:
    model = Model()
    (reading,) = DocumentReader.of(model)([Document(text="word " * 1000)])
    assert [phrase for phrase, _ in reading.keyphrases] == ["word"]
    assert len(model.calls[0]) == 3
