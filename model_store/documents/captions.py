"""Pseudo captions: for each picture of a document the sentence that says best what it shows.

Coarse to fine: of all sentences the model's alignment or, if it has no vectors and there are many,
the words that it finds for the picture alone keep a few for each picture. Then the model is asked
for the keyphrases of each of these alone, and what they share with those of the picture counts
too, and how well they align with it. At last sentences are assigned to pictures, each to one at
most, or none. (Coarse to fine and one to one: Jiang et al., Findings of ACL 2023; scores and
thresholds are our own.)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_store.documents.asking import AsksModel
from model_store.documents.assignment import assign
from model_store.documents.candidates import best_candidates
from model_store.documents.matching import Scores, match
from model_store.documents.support import mentioned, shared
from posts.phrases import Keyphrase

LEAST_MATCH = 0.1
"""Of a pseudo caption; a picture for which there is no such sentence has none."""
LEAST_SHARED = 0.1
"""The same for a model without vectors, whose scores are what keyphrases share."""
FEW_SENTENCES = 16
"""So many a model without vectors looks at all; words alone miss most of those that fit."""


@runtime_checkable
class Aligns(Protocol):
    """A model that tells how well pictures and texts fit."""

    @property
    def has_alignment(self) -> bool: ...

    def alignments(self, pictures: Sequence[Image.Image], texts: Sequence[str]) -> Scores:
        """Probability of each pair, (pictures, texts); 0 for a blank text."""
        ...


class Caption(NamedTuple):
    """A sentence for a picture."""

    sentence: int
    """Which of those that were given."""
    score: float
    """0 to 1."""


class Task(NamedTuple):
    """Pictures and sentences of a document."""

    pictures: Sequence[Image.Image]
    sentences: Sequence[str]


class CaptionFinder:
    """Asks one model; all documents of a call together."""

    def __init__(self, model: AsksModel) -> None:
        self._model = model
        self._aligns = model if isinstance(model, Aligns) and model.has_alignment else None

    def __call__(self, tasks: Sequence[Task]) -> list[list[Caption | None]]:
        """Of each task a caption, or None, for each picture."""
        # Alignment comes first: with vectors, what the tower says then does for all that follows.
        aligned = [self._alignments(task) for task in tasks]
        shown = self._ask(
            [[("", one) for one in task.pictures if task.sentences] for task in tasks]
        )
        coarse = [
            _mentions(task, answers) if found is None else found
            for task, answers, found in zip(tasks, shown, aligned, strict=True)
        ]
        kept = [self._kept(scores) for scores in coarse]
        columns = [np.flatnonzero(wanted.any(axis=0)).tolist() for wanted in kept]
        said = self._ask(
            [
                [(task.sentences[column], None) for column in of_task]
                for task, of_task in zip(tasks, columns, strict=True)
            ]
        )
        found = []
        for number, (task, of_task) in enumerate(zip(tasks, columns, strict=True)):
            scores = np.full(kept[number].shape, -np.inf)
            if of_task:
                looked_at = Task(task.pictures, [task.sentences[column] for column in of_task])
                fine = self._fine(
                    looked_at, coarse[number][:, of_task], shown[number], said[number]
                )
                scores[:, of_task] = np.where(kept[number][:, of_task], fine, -np.inf)
            found.append(_captions(scores, LEAST_SHARED if self._aligns is None else LEAST_MATCH))
        return found

    def _kept(self, scores: Scores) -> NDArray[np.bool_]:
        if self._aligns is None and scores.shape[1] <= FEW_SENTENCES:
            return np.ones(scores.shape, dtype=np.bool_)
        return best_candidates(scores)

    def _alignments(self, task: Task) -> Scores | None:
        """Probabilities; None of a model without vectors."""
        if self._aligns is None or not task.pictures or not task.sentences:
            return None
        return self._aligns.alignments(task.pictures, task.sentences)

    def _fine(
        self,
        task: Task,
        coarse: Scores,
        shown: Sequence[Sequence[Keyphrase]],
        said: Sequence[Sequence[Keyphrase]],
    ) -> Scores:
        """From the keyphrases of pictures and of sentences too."""
        in_common = shared(shown, said, task.sentences)
        names = [
            ", ".join(one.phrase for one in of_sentence) or sentence
            for of_sentence, sentence in zip(said, task.sentences, strict=True)
        ]
        named = self._alignments(Task(task.pictures, names))
        return in_common if named is None else match(coarse, named, in_common)

    def _ask(
        self, posts: Sequence[Sequence[tuple[str, Image.Image | None]]]
    ) -> list[list[list[Keyphrase]]]:
        """The answers to the posts of each task; all are asked at once."""
        asked = [post for of_task in posts for post in of_task]
        texts, pictures = [text for text, _ in asked], [picture for _, picture in asked]
        answers = iter(self._model(texts, pictures) if asked else [])
        return [list(islice(answers, len(of_task))) for of_task in posts]


def _mentions(task: Task, shown: Sequence[Sequence[Keyphrase]]) -> Scores:
    """By words alone."""
    if not task.pictures or not task.sentences:
        return np.zeros((len(task.pictures), len(task.sentences)))
    return np.array(
        [[mentioned(of_picture, one) for one in task.sentences] for of_picture in shown]
    )


def _captions(scores: Scores, least: float) -> list[Caption | None]:
    return [
        None if column is None else Caption(column, float(scores[row, column]))
        for row, column in enumerate(assign(scores, least))
    ]
