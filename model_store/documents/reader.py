"""The reader: asks a model for the keyphrases of documents, in parts.

reader = DocumentReader.of(keyphraser)
reader([Document(text=chapter, pictures=pictures)])     # [Reading(keyphrases=[...])]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol, runtime_checkable

from PIL import Image

from model_store.documents.asking import AsksModel
from model_store.documents.captions import Caption, CaptionFinder, Task
from model_store.documents.chunks import Fit, chunks
from model_store.documents.document import Document, Reading
from model_store.documents.merging import merge_keyphrases
from model_store.documents.sentences import Span, sentences
from model_store.documents.summary import LONGEST_SUMMARY, summarise
from posts.ocr import add_words
from posts.phrases import Keyphrase


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


FindCaptions = Callable[[Sequence[Task]], list[list[Caption | None]]]
"""As `CaptionFinder`."""


class _Part(NamedTuple):
    """What the model is asked at once."""

    text: str
    picture: Image.Image | None


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """A document, and how it is taken apart."""

    document: Document
    chunks: Sequence[Span]
    sentences: Sequence[Span]
    """Of the chunks, in order."""

    @classmethod
    def of(cls, document: Document, fit: Fit) -> _Plan:
        found = chunks(document.text, fit)
        within = [
            Span(chunk.start + span.start, chunk.start + span.end)
            for chunk in found
            for span in sentences(chunk.of(document.text))
        ]
        return cls(document=document, chunks=found, sentences=within)

    def task(self) -> Task:
        return Task([shown.picture for shown in self.document.pictures], self.texts())

    def texts(self) -> list[str]:
        """Of the sentences."""
        return [span.of(self.document.text) for span in self.sentences]

    def parts(self, captions: Sequence[Caption | None], fit: Fit) -> list[_Part]:
        """Each picture beside its caption and the chunk that this stands in or, without one,
        beside the chunk at its own place in the document; and alone each chunk that does not stand
        beside a picture, or not all of it."""
        text, pictures = self.document.text, self.document.pictures
        whole: set[int] = set()
        parts: list[_Part] = []
        for number, (shown, caption) in enumerate(zip(pictures, captions, strict=True)):
            said, place = "", number * len(self.chunks) // len(pictures)
            if caption is not None:
                sentence = self.sentences[caption.sentence]
                said, place = sentence.of(text), self._chunk_with(sentence)
            beside = add_words(said, self.chunks[place].of(text) if self.chunks else "")
            if fit(beside) >= len(beside):
                whole.add(place)
            parts.append(_Part(add_words(beside, shown.words), shown.picture))
        alone = (chunk.of(text) for number, chunk in enumerate(self.chunks) if number not in whole)
        return [*parts, *(_Part(one, None) for one in alone)]

    def _chunk_with(self, sentence: Span) -> int:
        return next(n for n, chunk in enumerate(self.chunks) if sentence.end <= chunk.end)


class DocumentReader:
    """Asks for each picture with its pseudo caption and the text around that, and for the rest of
    the text alone, and merges the answers."""

    def __init__(
        self, model: AsksModel, room: Room, find_captions: FindCaptions | None = None
    ) -> None:
        """`find_captions` takes the place of asking the model for them."""
        self._model = model
        self._room = room
        self._find_captions = find_captions or CaptionFinder(model)

    @classmethod
    def of(cls, model: AsksModel) -> DocumentReader:
        """With the room of a keyphraser, or a usual one for a model that does not say."""
        return cls(model, model.room if isinstance(model, KnowsRoom) else Room())

    def __call__(self, documents: Sequence[Document]) -> list[Reading]:
        """A reading of each document; raises what the model raises."""
        plans = [_Plan.of(document, self._room.fit) for document in documents]
        captions = self._find_captions([plan.task() for plan in plans])
        parts = [
            plan.parts(found, self._room.fit) for plan, found in zip(plans, captions, strict=True)
        ]
        asked = [part for of_one in parts for part in of_one]
        texts, pictures = [part.text for part in asked], [part.picture for part in asked]
        answers = iter(self._model(texts, pictures) if asked else [])
        return [
            self._reading(plan, found, list(islice(answers, len(of_one))))
            for plan, found, of_one in zip(plans, captions, parts, strict=True)
        ]

    def _reading(
        self,
        plan: _Plan,
        captions: Sequence[Caption | None],
        answers: Sequence[Sequence[Keyphrase]],
    ) -> Reading:
        keyphrases = answers[0] if len(answers) == 1 else None
        if keyphrases is None:
            keyphrases = merge_keyphrases(answers, self._room.most_keyphrases)
        said = plan.texts()
        scores = [-1.0 if caption is None else caption.score for caption in captions]
        summary = None
        if len(plan.document.text) > LONGEST_SUMMARY:
            supported = {one.sentence: one.score for one in captions if one is not None}
            summary = summarise(said, supported, keyphrases) or None
        return Reading(
            keyphrases=keyphrases,
            captions=[None if one is None else said[one.sentence] for one in captions],
            lead=scores.index(max(scores)) if scores else None,
            summary=summary,
        )
