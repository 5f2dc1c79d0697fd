"""Reading the words in pictures, by the real package."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image, ImageOps

from posts import ocr
from posts.errors import InputError
from posts.ocr import LONGEST, add_words, ocr_version, read_words
from tests.sample_pictures import written


def test_words_are_read_from_top_to_bottom_and_from_left_to_right() -> None:
    rows = [(250, 20, "beta"), (20, 25, "alpha"), (250, 105, "delta"), (20, 100, "gamma")]
    picture = written(*((x, y, text, 28) for x, y, text in rows))
    assert read_words(picture) == "alpha beta gamma delta"


def test_large_letters_do_not_come_before_small_ones_on_their_left() -> None:
    assert read_words(written((20, 80, "today", 20), (150, 60, "SALE", 60))) == "today SALE"


@pytest.mark.parametrize(
    "text", ["jazz quiz at the old harbour", "Work In Progress", "OPEN AIR CINEMA"]
)
@pytest.mark.parametrize("size", [18, 28])
def test_words_are_kept_apart(text: str, size: int) -> None:
    assert read_words(written((10, 20, text, size), size=(480, 80))) == text


def test_a_picture_without_words_has_none() -> None:
    assert read_words(Image.new("RGB", (300, 200), "navy")) == ""


def test_words_of_a_large_picture_are_found() -> None:
    picture = written((300, 900, "harbour festival", 120), size=(3000, 2000))
    assert read_words(picture) == "harbour festival"


@pytest.mark.parametrize(
    ("picture", "taken_for"),
    [(ImageOps.flip(written((40, 30, "harbour", 40), size=(300, 120))), "paipo"), (None, "A")],
)
def test_what_is_hardly_a_word_is_dropped(
    picture: Image.Image | None, taken_for: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = picture or written((60, 40, "A", 100))
    assert read_words(picture) == ""
    monkeypatch.setattr(ocr, "_LEAST_SCORE", 0.0)
    monkeypatch.setattr(ocr, "_LEAST_CHARACTERS", 1)
    assert read_words(picture) == taken_for


def test_a_page_gives_its_beginning_in_whole_words() -> None:
    sentence = "old boots at half price and a quiz at the harbour"
    page = written(*((10, 10 + 30 * line, sentence, 20) for line in range(20)), size=(600, 620))
    words = read_words(page)
    assert words is not None
    assert LONGEST - 20 < len(words) <= LONGEST
    assert " ".join([sentence] * 20).startswith(words)
    assert words.split()[-1] in sentence.split()


def test_a_picture_full_of_marks_is_not_read_to_its_end() -> None:
    marks = [
        (20 + 120 * column, 20 + 60 * row, "A", 30) for row in range(10) for column in range(6)
    ]
    few = written(*marks[:6], (20, 620, "harbour", 30), size=(680, 680))
    many = written(*marks, (20, 620, "harbour", 30), size=(680, 680))
    assert read_words(few) == "harbour"
    assert read_words(many) == ""


@pytest.mark.parametrize("size", [(1, 960), (10, 60_000), (60_000, 10), (1, 1), (9_000, 9_000)])
def test_no_shape_makes_the_package_work_on_more_than_it_can_hold(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, "red")
    # As it is, the first of them would be enlarged to 736 x 700,000 pixels.
    width, height = ocr._fit(picture).size
    assert 32 <= min(width, height) <= max(width, height) <= 960
    assert max(width, height) <= 8 * min(width, height)
    assert read_words(picture) == ""


def test_threads_read_one_at_a_time_and_find_what_they_find_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detect, busy, overlaps = ocr._reader().text_det, threading.Lock(), []

    def noting(pixels: Any) -> Any:
        overlaps.append(not busy.acquire(blocking=False))
        try:
            return detect(pixels)
        finally:
            if not overlaps[-1]:
                busy.release()

    monkeypatch.setattr(ocr._reader(), "text_det", noting)
    names = ["alpha", "beta", "gamma", "delta"]
    pictures = [
        written((10, 10, name, 30), size=(150 + 80 * place, 60)) for place, name in enumerate(names)
    ]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read_words, pictures * 3)) == names * 3
    assert overlaps == [False] * 12


def test_a_picture_that_the_package_fails_on_is_told_from_one_without_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(pixels: Any) -> None:
        raise MemoryError("no room for a tensor")

    with monkeypatch.context() as patch:
        patch.setattr(ocr._reader(), "text_det", fail)
        assert read_words(Image.new("RGB", (64, 64))) is None
    assert "MemoryError: no room for a tensor" in caplog.text
    assert read_words(Image.new("RGB", (64, 64))) == ""


def test_without_the_package_one_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    ocr._reader.cache_clear()
    for asked in (ocr_version, lambda: read_words(Image.new("RGB", (64, 64)))):
        with pytest.raises(InputError, match=r"pip install --no-deps -r requirements-ocr\.lock"):
            asked()


def test_models_that_cannot_be_loaded_are_no_fault_of_a_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**settings: Any) -> None:
        raise FileNotFoundError("no such model")

    monkeypatch.setattr("rapidocr_onnxruntime.RapidOCR", fail)
    ocr._reader.cache_clear()
    with pytest.raises(FileNotFoundError):
        read_words(Image.new("RGB", (64, 64)))


def test_the_version_names_the_package() -> None:
    assert ocr_version().startswith("rapidocr-onnxruntime 1.")


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("a cat", "winter sale", "a cat\nwinter sale"),
        ("a cat", "", "a cat"),
        ("a cat", None, "a cat"),
        (" ", "winter sale", "winter sale"),
        ("", "", ""),
    ],
)
def test_words_stand_behind_the_posts_own_text(text: str, words: str | None, shown: str) -> None:
    assert add_words(text, words) == shown
