"""Generate: asks the model for the keyphrases of posts, a table at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pyarrow as pa
from PIL import Image

from indexer.stages.columns import DECODED, FINISHED, Action, conform, has_work
from posts.errors import KeyphraseError, Reason
from posts.ocr import add_words
from posts.phrases import Keyphrase, display_form

_log = logging.getLogger(__name__)
_LONGEST_DETAIL = 200


class AsksModel(Protocol):
    """What is asked of a `model_store.keyphraser.Keyphraser`."""

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]: ...


LoadModel = Callable[[], AsksModel]
"""Loads the model in the process that is to use it; crosses process borders itself."""


class Generate:
    """Takes a table of `DECODED`; gives one of `FINISHED`, row for row.

    The model is loaded when the first post needs it. Posts that fail together are asked again in
    halves, so that one that the model stumbles over costs no other its keyphrases.
    """

    def __init__(self, load: LoadModel) -> None:
        self._load = load
        self._model: AsksModel | None = None

    def __call__(self, table: pa.Table) -> pa.Table:
        if not has_work(table):
            return conform(table, FINISHED)
        rows = table.select(DECODED.names).to_pylist()
        work = [row for row in rows if row["action"] == Action.GENERATE]
        pictures = [_picture(row) for row in work]
        answers = self._ask([add_words(row["text"], row["words"]) for row in work], pictures)
        for row, picture, answer in zip(work, pictures, answers, strict=True):
            row["has_picture"] = picture is not None
            row.update(_failed(answer) if isinstance(answer, Exception) else _answered(answer))
        for row in rows:
            for name in ("pixels", "width", "height", "words"):
                del row[name]
        return pa.Table.from_pylist(rows, schema=FINISHED)

    def _ask(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase] | Exception]:
        if self._model is None:
            self._model = self._load()
        try:
            return list(self._model(texts, pictures))
        except KeyphraseError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a model raises, other posts go on
            if len(texts) == 1:
                return [error]
            _log.warning("%d posts failed together (%s); asking in halves", len(texts), error)
        middle = len(texts) // 2
        return [
            *self._ask(texts[:middle], pictures[:middle]),
            *self._ask(texts[middle:], pictures[middle:]),
        ]


def _picture(row: dict[str, Any]) -> Image.Image | None:
    if row["pixels"] is None:
        return None
    return Image.frombytes("RGB", (row["width"], row["height"]), row["pixels"])


def _answered(keyphrases: Sequence[Keyphrase]) -> dict[str, Any]:
    return {
        "keyphrases": [
            {"phrase": display_form(one.phrase), "score": one.score} for one in keyphrases
        ]
    }


def _failed(error: Exception) -> dict[str, Any]:
    """Transient: a fault of memory or device looks like one of the post."""
    detail = " ".join(f"{type(error).__name__}: {error}".split())
    return {
        "action": Action.DEAD,
        "text": "",
        "error_reason": str(Reason.MODEL_FAILED),
        "error_detail": detail[:_LONGEST_DETAIL],
        "error_transient": True,
    }
