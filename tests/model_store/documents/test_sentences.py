from __future__ import annotations

import random
import time

import pytest

from model_store.documents import sentences as module
from model_store.documents.sentences import LONGEST_SENTENCE, Span, sentences


def found(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text)]


def plain(text: str) -> str:
    """Without what is taken for space."""
    return "".join("".join(" " if c in "\0\ud800" else c for c in text).split())


@pytest.mark.parametrize(
    "wanted",
    [
        ["Dr. Smith met Mr. J. Doe at 5 p.m. on Jan. 3.", "They spoke of the U.S. economy."],
        ["See fig. 3, p. 5.", "The price is $3.50.", "Visit www.example.com now!", "Really?!"],
        ["Der Hund bellt z.B. laut.", "Er lachte."],
        ["今日は良い天気です。", "散歩に行きましょう。", "はい！"],
        ["यह एक वाक्य है।", "यह दूसरा है।"],
        ["هذا كلام.", "هل تفهم؟", "نعم."],
        ["A cat 😀.", "A dog 👍🏽!", "no end at all"],
    ],
)
def test_sentences_of_several_languages(wanted: list[str]) -> None:
    assert found(" ".join(wanted)) == wanted
    assert found("\n\n".join(wanted)) == wanted


def test_line_breaks_end_a_sentence_only_where_a_line_is_empty() -> None:
    assert found("a red\ncat\r\n\r\n a dog\u2029") == ["a red\ncat", "a dog"]
    assert found(" \n\t ") == found("") == []


def test_spans_are_in_order_without_overlap_whatever_the_text() -> None:
    rng = random.Random(7)
    signs = [*"abAB .!?\n\r\t\"'()[]。！？।…019,;:«»“”", *("Mr.", "U.S.", "\u202e", "\u200d", "😀")]
    signs += [
        "\0",
        "e\u0301",
        "\u2028",
        "\u2029",
        "\u00a0",
        "\u3000",
        "\x85",
        "\x1c",
        "ǅ.",
        "\ud800",
    ]
    for _ in range(3000):
        text = "".join(rng.choices(signs, k=rng.randint(0, 60)))
        spans = sentences(text)
        covered = "".join(span.of(text) for span in spans)
        assert plain(covered) == plain(text)
        assert all(span.start < span.end for span in spans)
        assert [span.start for span in spans] == sorted(span.start for span in spans)


@pytest.mark.parametrize("sign", ["a", ".", "\u202e?", '("a. ', "Mr. ", "\n", "中", "\0"])
def test_time_is_bounded_by_the_length_of_the_text(sign: str) -> None:
    text = (sign * 100_000)[:100_000]
    begun = time.thread_time()
    spans = sentences(text)
    # Milliseconds; hours if each letter looked at all others.
    assert time.thread_time() - begun < 20
    assert all(span.end - span.start <= LONGEST_SENTENCE for span in spans)


def test_a_long_text_is_split_as_its_parts_would_be() -> None:
    text = " ".join(f"This is sentence {number} of Mr. Fox." for number in range(2000))
    assert len(found(text)) == 2000
    assert set(map(len, found(text))) == {30, 31, 32, 33}


def test_a_fault_of_the_library_costs_the_sentences_and_not_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class PanicException(BaseException):
        """As PyO3 raises it."""

    def panic(*_: object) -> list[str]:
        raise PanicException

    monkeypatch.setattr(module.sentencex, "segment", panic)
    assert sentences(" One. Two. ") == [Span(1, 10)]
    monkeypatch.setattr(module.sentencex, "segment", lambda *_: ["other"])
    assert sentences(" One. Two. ") == [Span(1, 10)]


def test_spaces_that_the_library_fails_on_are_spaces() -> None:
    assert found("He ran. Plan B\u3000. She fell.") == ["He ran.", "Plan B\u3000.", "She fell."]
