from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.phrases import display_form, stem_key


@pytest.mark.parametrize(
    ("phrase", "form"),
    [
        ("Fancy  CAT", "fancy cat"),
        (" tab\tand\nline ", "tab and line"),
        ("ﬁne Ｗｉｄｅ", "fine wide"),
        ("Straße", "strasse"),
        ("e\u0301clair", "éclair"),
        ("İstanbul", "i\u0307stanbul"),
        ("#Cats", "#cats"),
        ("don’t", "don’t"),
        ("nul\0l", "nul l"),
        ("猫　カフェ", "猫 カフェ"),
        ("שלום עולם", "שלום עולם"),
        ("👩‍👩‍👧 Family", "👩‍👩‍👧 family"),
        ("", ""),
    ],
)
def test_the_display_form_of_a_phrase(phrase: str, form: str) -> None:
    assert display_form(phrase) == form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Running dogs", "running dog"),
        ("running dogs", "#running-dogs"),
        ("é clairs", "e\u0301 clairs"),
        ("猫カフェ", "#猫カフェ"),
        ("dog's", "dog’s"),
        ("STRASSE", "straße"),
        ("#cats#dogs", "cats dogs"),
        ("می‌خواهم", "میخواهم"),
        ("C++", "c++"),
    ],
)
def test_near_duplicates_share_a_stem_key(one: str, other: str) -> None:
    assert stem_key(one) == stem_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cat", "dog"),
        ("猫", "犬"),
        ("😀", "😂"),
        ("c++", "c#"),
        ("हिन्दी", "हिन्दू"),
        ("cafe", "café"),
    ],
)
def test_different_phrases_have_different_keys(one: str, other: str) -> None:
    assert stem_key(one) != stem_key(other)


def test_words_of_other_scripts_are_not_stemmed() -> None:
    assert stem_key("hündes") == "hündes"
    assert stem_key("собаки") == "собаки"


def test_combining_marks_stay_with_their_word() -> None:
    assert stem_key("हिन्दी फिल्में") == "हिन्दी फिल्में"


@given(st.text())
def test_both_forms_are_stable(phrase: str) -> None:
    form = display_form(phrase)
    assert display_form(form) == form
    assert stem_key(form) == stem_key(phrase)
    assert bool(stem_key(phrase)) == bool(form)
