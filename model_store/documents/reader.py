"""The reader: asks a model for the keyphrases of documents, in parts.

reader = DocumentReader.of(keyphraser)
reader([Document(text=chapter, pictures=pictures)])     # [Reading(keyphrases=[...])]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol, runtime_checkable

from PIL import Image

from model_store.documents.chunks import Fit, chunks
from model_store.documents.document import Document, Reading
from model_store.documents.merging import merge_keyphrases
from posts.ocr import add_words
from posts.phrases import Keyphrase


class AsksModel(Protocol):
    """What is asked of a `model_store.keyphraser.Keyphraser`."""

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]: ...


def _fit(text: str) -> int:
    return min(len(text), 2_000)


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a model has room for."""

    fit: Fit = _fit
    """How many characters of a text a prompt holds."""
    most_keyphrases: int = 10
    """Of a post."""


@runtime_checkable
class KnowsRoom(Protocol):
    """A model that says what it has room for."""

    @property
    def room(self) -> Room: ...


class _Part(NamedTuple):
    """What the model is asked at once."""

    text: str
    picture: Image.Image | None


class DocumentReader:
    """Asks for each picture with the chunk of the text that it stands beside, and for each other
    chunk alone, and merges the answers."""

    def __init__(self, model: AsksModel, room: Room) -> None:
        self._model = model
        self._room = room

    @classmethod
    def of(cls, model: AsksModel) -> DocumentReader:
        """With the room of a keyphraser, or a usual one for a model that does not say."""
        return cls(model, model.room if isinstance(model, KnowsRoom) else Room())

    def __call__(self, documents: Sequence[Document]) -> list[Reading]:
        """A reading of each document; raises what the model raises."""
        parts = [self._parts(document) for document in documents]
        asked = [part for of_one in parts for part in of_one]
        texts, pictures = [part.text for part in asked], [part.picture for part in asked]
        answers = iter(self._model(texts, pictures) if asked else [])
        return [self._reading(list(islice(answers, len(of_one)))) for of_one in parts]

    def _parts(self, document: Document) -> list[_Part]:
        texts = [span.of(document.text) for span in chunks(document.text, self._room.fit)]
        count = len(document.pictures)
        beside = [number * len(texts) // count for number in range(count)] if texts else []
        parts = [
            _Part(add_words(texts[beside[number]] if texts else "", shown.words), shown.picture)
            for number, shown in enumerate(document.pictures)
        ]
        alone = (text for number, text in enumerate(texts) if number not in beside)
        return [*parts, *(_Part(text, None) for text in alone)]

    def _reading(self, answers: Sequence[Sequence[Keyphrase]]) -> Reading:
        if len(answers) == 1:
            return Reading(keyphrases=answers[0])
        return Reading(keyphrases=merge_keyphrases(answers, self._room.most_keyphrases))
