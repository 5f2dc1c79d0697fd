from __future__ import annotations

from itertools import pairwise

import pytest

from model_store.documents.chunks import MOST_CHUNKS, chunks

ROOM = 200


def fit(text: str) -> int:
    return min(len(text), ROOM)


def text_of(count: int) -> str:
    return " ".join(f"This is the sentence number {number}." for number in range(count))


def parts(text: str) -> list[str]:
    return [span.of(text) for span in chunks(text, fit)]


def test_a_text_that_fits_is_one_chunk() -> None:
    assert parts(f"  {'x' * ROOM} ") == ["x" * ROOM]
    assert parts(" \n ") == parts("") == []


@pytest.mark.parametrize("count", [6, 10, 20, 30])
def test_a_text_that_fits_into_some_prompts_is_cut_between_sentences(count: int) -> None:
    text = text_of(count)
    found = parts(text)
    assert " ".join(found) == text
    assert all(len(part) <= ROOM for part in found)
    assert all(len(part) > ROOM / 2 for part in found[:-1])


def test_of_a_book_equal_shares_are_begun() -> None:
    text = text_of(20_000)
    spans = chunks(text, fit)
    assert len(spans) == MOST_CHUNKS
    assert all(
        span.of(text).startswith("This is") and span.of(text).endswith(".") for span in spans
    )
    share = len(text) / MOST_CHUNKS
    assert all(abs(span.start - share * number) < 50 for number, span in enumerate(spans))
    assert all(ROOM / 2 < span.end - span.start <= ROOM for span in spans)


@pytest.mark.parametrize("sign", ["x", "\0", ". ", "\n x", "中", "。"])
def test_a_text_without_sentences_is_cut_as_well(sign: str) -> None:
    text = sign * 100_000
    spans = chunks(text, fit)
    assert 0 < len(spans) <= MOST_CHUNKS
    assert all(0 < span.end - span.start <= ROOM for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))


def test_a_prompt_without_room_still_gives_chunks() -> None:
    spans = chunks(text_of(10), lambda text: 0)
    assert len(spans) == MOST_CHUNKS
    assert all(span.end == span.start + 1 for span in spans)
