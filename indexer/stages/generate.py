"""Generate: asks the model for the keyphrases of posts, a table at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
from PIL import Image

from indexer.pipeline.attempts import Attempt, Attempts
from indexer.pipeline.packing import Part
from indexer.stages.columns import DECODED, FINISHED, Action, conform, dead, has_work
from indexer.stages.embed import NO_VECTORS, embed, has_vectors
from model_store.documents.asking import AsksModel
from model_store.documents.document import Document
from model_store.documents.reader import DocumentReader
from posts.errors import JobError, KeyphraseError, PostError, Reason
from posts.ocr import add_words
from posts.phrases import Keyphrase, display_form
from posts.shown_picture import ShownPicture

_log = logging.getLogger(__name__)
_LONGEST_DETAIL = 200
_DEATHS = 2
"""Of processes that were asked for one post alone, after which it is to blame. Of one death
something else may be the cause: a machine that was lost just then."""
_LOADING_DEATHS = 3
_CRASHED = PostError(
    Reason.MODEL_CRASHED, "the model's process died whenever it was asked for this post alone"
)
"""Not transient: each try costs several starts of the model."""


LoadModel = Callable[[], AsksModel]
"""Loads the model in the process that is to use it; crosses process borders itself."""


_Row = dict[str, Any]
_SHOWN = ("pixels", "width", "height", "words", "pictures", "is_long")
"""Columns for the model, which end here."""


class Generate:
    """Takes a table of `DECODED`; gives one of `FINISHED`, row for row, or an empty one if the run
    is to end.

    The model is loaded when the first post needs it. Posts that fail together are asked again in
    halves, so that one that the model stumbles over, or that kills its process, costs no other
    its keyphrases.
    """

    def __init__(
        self, load: LoadModel, attempts: Attempts, *, picture_gate: float | None = None
    ) -> None:
        """`picture_gate`: the least probability that picture and text belong together with which
        the model is shown the picture; None: it always is."""
        self._load = load
        self._picture_gate = picture_gate
        self._attempts = attempts
        self._model: AsksModel | None = None

    def __call__(self, table: pa.Table, part: Part) -> pa.Table:
        if not has_work(table):
            return conform(table, FINISHED)
        rows = table.select(DECODED.names).to_pylist()
        try:
            self._answer(self._ready(part), rows, part, 0, len(rows))
        except _RunEndsError:
            return FINISHED.empty_table()
        for row in rows:
            for name in _SHOWN:
                del row[name]
        return pa.Table.from_pylist(rows, schema=FINISHED)

    def _ready(self, part: Part) -> AsksModel:
        if self._model is not None:
            return self._model
        loading = _attempt(part, 0, 0)
        deaths = self._begin(loading)
        if deaths >= _LOADING_DEATHS:
            raise JobError(
                f"a process of the model died {deaths} times while it loaded the model; see that "
                "there is memory for as many --actors, then run again"
            )
        self._model = self._load()
        self._attempts.end(loading)
        return self._model

    def _answer(
        self, model: AsksModel, rows: list[_Row], part: Part, start: int, stop: int
    ) -> None:
        """Puts keyphrases, or an error, into those of the rows `start` to `stop` that need them.

        Halves are cut by rows and not by posts in need, so that they are the same in a task that
        is done again after the index has changed.
        """
        work = [row for row in rows[start:stop] if row["action"] == Action.GENERATE]
        if not work:
            return
        attempt = _attempt(part, start, stop)
        deaths = self._begin(attempt)
        if len(work) == 1 and deaths >= _DEATHS:
            work[0].update(dead(_CRASHED))
            return
        if len(work) == 1 or not deaths:
            error = _ask(model, work, self._picture_gate)
            self._attempts.end(attempt)
            if error is None:
                return
            if len(work) == 1:
                work[0].update(dead(_failure(error)))
                return
            _log.warning("%d posts failed together (%s); asking in halves", len(work), error)
        middle = (start + stop) // 2
        self._answer(model, rows, part, start, middle)
        self._answer(model, rows, part, middle, stop)

    def _begin(self, attempt: Attempt) -> int:
        before = self._attempts.begin(attempt)
        if before is None:
            raise _RunEndsError
        return before


class _RunEndsError(Exception):
    """No further post is to be begun."""


def _ask(model: AsksModel, work: list[_Row], picture_gate: float | None) -> Exception | None:
    """Puts keyphrases and vectors into the rows, or returns what the model raised."""
    documents = [row for row in work if row["pictures"] is not None or row["is_long"]]
    plain = [row for row in work if row["pictures"] is None and not row["is_long"]]
    try:
        if plain:
            _ask_plain(model, plain, picture_gate)
        if documents:
            _ask_documents(model, documents)
    except KeyphraseError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a model raises, other posts go on
        return error
    return None


def _ask_plain(model: AsksModel, rows: list[_Row], picture_gate: float | None) -> None:
    pictures = [_picture(row) for row in rows]
    vectors = _vectors(model, rows, pictures, picture_gate)
    asked = [
        (row["text"], None)
        if columns["picture_dropped"]
        else (add_words(row["text"], row["words"]), picture)
        for row, picture, columns in zip(rows, pictures, vectors, strict=True)
    ]
    answers = model([text for text, _ in asked], [picture for _, picture in asked])
    for row, picture, answer, columns in zip(rows, pictures, answers, vectors, strict=True):
        row.update(columns, has_picture=picture is not None, keyphrases=_keyphrases(answer))


def _ask_documents(model: AsksModel, rows: list[_Row]) -> None:
    documents = [Document(text=row["text"], pictures=_pictures(row)) for row in rows]
    readings = DocumentReader.of(model)(documents)
    leads = [
        None if reading.lead is None else document.pictures[reading.lead].picture
        for document, reading in zip(documents, readings, strict=True)
    ]
    # No gate: a picture that fits no sentence has no caption, and lends its document little.
    vectors = _vectors(model, rows, leads, None)
    for row, document, reading, columns in zip(rows, documents, readings, vectors, strict=True):
        row.update(
            columns,
            has_picture=bool(document.pictures),
            keyphrases=_keyphrases(reading.keyphrases),
            summary=reading.summary,
        )
        if row["pictures"] and reading.lead is not None:
            # Some may have been left out before the model saw any.
            row["lead_picture"] = row["pictures"][reading.lead]["number"]


def _vectors(
    model: AsksModel,
    rows: list[_Row],
    pictures: Sequence[Image.Image | None],
    picture_gate: float | None,
) -> list[dict[str, Any]]:
    if not has_vectors(model):
        return [NO_VECTORS] * len(rows)
    return embed(model, [row["text"] for row in rows], pictures, picture_gate)


def _attempt(part: Part, start: int, stop: int) -> Attempt:
    return Attempt(fragment=part.fragment, part=part.number, start=start, stop=stop)


def _picture(row: dict[str, Any]) -> Image.Image | None:
    if row["pixels"] is None:
        return None
    return Image.frombytes("RGB", (row["width"], row["height"]), row["pixels"])


def _pictures(row: _Row) -> list[ShownPicture]:
    """Of a document; its only picture stands where that of any post does."""
    shown = [row] if row["pictures"] is None else row["pictures"]
    return [
        ShownPicture(picture, one["words"])
        for one in shown
        if (picture := _picture(one)) is not None
    ]


def _keyphrases(answer: Sequence[Keyphrase]) -> list[dict[str, Any]]:
    return [{"phrase": display_form(one.phrase), "score": one.score} for one in answer]


def _failure(error: Exception) -> PostError:
    """Transient: a fault of memory or device looks like one of the post."""
    detail = " ".join(f"{type(error).__name__}: {error}".split())
    return PostError(Reason.MODEL_FAILED, detail[:_LONGEST_DETAIL], transient=True)
