"""Which words of a query weigh in the order of its hits."""

from __future__ import annotations

from indexer.index.analysis import QueryWord, query_words
from indexer.index.condition import Condition, Either, Every, HasWords


def ranking_words(where: Condition | None) -> list[QueryWord]:
    """Words that a post may or must have by the conditions: who has them more is more relevant."""
    return query_words(" ".join(_texts(where)))


def _texts(asked: Condition | None) -> list[str]:
    match asked:
        case HasWords(text):
            return [text]
        case Every(parts) | Either(parts):
            return [text for part in parts for text in _texts(part)]
        case _:
            return []
