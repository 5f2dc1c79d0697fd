"""What changes which hash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from indexer.hashing import Hasher, identity_of_bytes, identity_of_several, identity_of_version

HASHER = Hasher(model_digest="m1")
MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "other",
    [
        HASHER.generation("a dog", "sha256:1"),
        HASHER.generation("a cat", "sha256:2"),
        HASHER.generation("a cat", None),
        HASHER.generation("a cat", "sha256:1", unreadable=True),
        Hasher(model_digest="m2").generation("a cat", "sha256:1"),
    ],
)
def test_all_that_decides_keyphrases_changes_the_generation_hash(other: str) -> None:
    generation = HASHER.generation("a cat", "sha256:1")
    assert generation != other
    assert generation == Hasher(model_digest="m1").generation("a cat", "sha256:1")


def test_ocr_changes_the_generation_hash_only_of_posts_whose_pictures_it_read() -> None:
    reading, newer = Hasher(model_digest="m1", ocr="1.4"), Hasher(model_digest="m1", ocr="1.5")
    read = {one.generation("a cat", "sha256:1") for one in (HASHER, reading, newer)}
    assert len(read) == 3
    for picture, lacks in [(None, {}), ("sha256:1", {"unreadable": True})]:
        unread = {one.generation("a cat", picture, **lacks) for one in (HASHER, reading, newer)}
        assert len(unread) == 1
    assert reading.generation("a cat", "sha256:1", unread=True) == HASHER.generation(
        "a cat", "sha256:1"
    )


def test_a_score_of_the_run_changes_the_generation_hash() -> None:
    hashes = {
        Hasher(model_digest="m1", min_score=score).generation("a cat", None)
        for score in (None, 0.0, 0.2)
    }
    assert len(hashes) == 3


def test_a_gate_changes_the_generation_hash_only_of_posts_with_a_readable_picture() -> None:
    gated = Hasher(model_digest="m1", picture_gate=0.5)
    assert gated.generation("a cat", "sha256:1") != HASHER.generation("a cat", "sha256:1")
    assert gated.generation("a cat", None) == HASHER.generation("a cat", None)
    assert gated.generation("a cat", "sha256:1", unreadable=True) == HASHER.generation(
        "a cat", "sha256:1", unreadable=True
    )


def test_a_gate_leaves_documents_what_they_are() -> None:
    gated, open_to_all = (
        Hasher(model_digest="m1", picture_gate=gate, longest_text=10) for gate in (0.5, None)
    )
    several = identity_of_several(["sha256:1", "sha256:2"])
    for text, picture in [("x" * 11, "sha256:1"), ("a cat", several)]:
        assert gated.generation(text, picture) == open_to_all.generation(text, picture)


def test_hashes_of_an_index_that_is_there_stay_what_they_are() -> None:
    assert HASHER.generation("a cat", "sha256:1") == (
        "710820c83e040b149c7edf81788951d9c856eaff6ffae59c8d448ed525fff37e"
    )


@pytest.mark.parametrize(
    "other",
    [
        HASHER.document("g2", MOMENT, "a.jpg", {"lang": "en"}),
        HASHER.document("g1", MOMENT + timedelta(microseconds=1), "a.jpg", {"lang": "en"}),
        HASHER.document("g1", None, "a.jpg", {"lang": "en"}),
        HASHER.document("g1", MOMENT, "b.jpg", {"lang": "en"}),
        HASHER.document("g1", MOMENT, "a.jpg", {"lang": "de"}),
        HASHER.document("g1", MOMENT, "a.jpg", {}),
    ],
)
def test_date_and_extra_fields_change_the_document_hash(other: str) -> None:
    assert HASHER.document("g1", MOMENT, "a.jpg", {"lang": "en"}) != other


def test_neither_order_of_fields_nor_time_zone_changes_the_document_hash() -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5)))
    assert HASHER.document("g", MOMENT, None, {"a": 1, "b": {"c": 2, "d": 3}}) == HASHER.document(
        "g", elsewhere, None, {"b": {"d": 3, "c": 2}, "a": 1}
    )


def test_numbers_beyond_64_bits_are_hashed_too() -> None:
    assert HASHER.document("g", None, None, {"n": 2**70}) != HASHER.document(
        "g", None, None, {"n": 2**70 + 1}
    )


def test_pictures_of_equal_version_at_two_places_differ() -> None:
    assert identity_of_version("a.jpg", "100-5") != identity_of_version("b.jpg", "100-5")
    assert identity_of_bytes(b"a") != identity_of_bytes(b"b")
