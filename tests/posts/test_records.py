from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posts.errors import Reason
from posts.post import Post
from posts.records import LONGEST_DETAIL, clean_text, known_id, parse_record


def parse(**fields: Any) -> Post:
    return parse_record({"id": "1", "text": "hello"} | fields, "a.jsonl:1")


def reason(post: Post) -> Reason | None:
    return None if post.error is None else post.error.reason


def test_a_whole_record_becomes_a_post() -> None:
    post = parse(
        image=b"jpg",
        created_at="2024-02-03T04:05:06+01:00",
        keyphrases=["one", "two words"],
        likes=3,
    )
    assert post == Post(
        id="1",
        text="hello",
        image=b"jpg",
        created_at=datetime(2024, 2, 3, 3, 5, 6, tzinfo=UTC),
        keyphrases=("one", "two words"),
        extra={"likes": 3},
        source="a.jsonl:1",
    )


def test_an_integer_id_becomes_a_string() -> None:
    assert parse(id=17).id == "17"


@pytest.mark.parametrize("value", [None, "", "  ", "\0"])
def test_a_record_without_an_id_is_missing_it(value: object) -> None:
    post = parse(id=value)
    assert reason(post) is Reason.MISSING_ID
    assert post.key == "a.jsonl:1"


@pytest.mark.parametrize("value", [1.5, True, ["a"], {"a": 1}, b"a", "x" * 513, "猫" * 200])
def test_an_id_that_no_index_could_take_is_a_broken_record(value: object) -> None:
    post = parse(id=value)
    assert (reason(post), post.id) == (Reason.BROKEN_RECORD, "")


@pytest.mark.parametrize("record", [None, 1, "text", ["id"], b"id"])
def test_a_record_that_is_no_object_is_broken(record: object) -> None:
    assert reason(parse_record(record, "s")) is Reason.BROKEN_RECORD


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", 5),
        ("text", ["a"]),
        ("image", "aGVsbG8="),
        ("image", {"bytes": 5}),
        ("image_uri", 5),
        ("created_at", True),
        ("created_at", [1]),
        ("keyphrases", "one, two"),
        ("keyphrases", [1]),
        ("keyphrases", [None]),
    ],
)
def test_a_field_of_a_wrong_type_is_a_broken_record_that_names_it(field: str, value: Any) -> None:
    post = parse(**{field: value})
    assert post.id == "1"
    assert post.error is not None
    assert post.error.reason is Reason.BROKEN_RECORD
    assert field in post.error.detail


def test_base64_in_json_is_told_where_pictures_belong() -> None:
    error = parse(image="aGVsbG8=").error
    assert error is not None
    assert "image_uri" in error.detail


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-02-03", datetime(2024, 2, 3, tzinfo=UTC)),
        ("2024-02-03 04:05:06.5Z", datetime(2024, 2, 3, 4, 5, 6, 500_000, tzinfo=UTC)),
        ("2024-02-03T04:05:06", datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (0.5, datetime(1970, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (datetime(2024, 2, 3), datetime(2024, 2, 3, tzinfo=UTC)),
        (
            datetime(2024, 2, 3, tzinfo=timezone(timedelta(hours=-2))),
            datetime(2024, 2, 3, 2, tzinfo=UTC),
        ),
        (date(2024, 2, 3), datetime(2024, 2, 3, tzinfo=UTC)),
        (None, None),
        ("", None),
    ],
)
def test_moments_become_utc(value: object, expected: datetime | None) -> None:
    post = parse(created_at=value)
    assert post.error is None
    assert post.created_at == expected


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2024-13-01",
        "1700000000",
        1_700_000_000_000,
        float("nan"),
        float("inf"),
        10**400,
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:59:59-10:00",
    ],
)
def test_an_unreadable_moment_is_a_broken_record(value: object) -> None:
    assert reason(parse(created_at=value)) is Reason.BROKEN_RECORD


@pytest.mark.parametrize("text", [None, "", " \n\t", "\0", "\u3000"])
def test_a_post_with_neither_text_nor_picture_is_empty(text: str | None) -> None:
    assert reason(parse(text=text)) is Reason.EMPTY_POST
    assert reason(parse(text=text, image=b"x")) is None
    assert reason(parse(text=text, image_uri="a.jpg")) is None
    assert reason(parse(text=text, image_uri="")) is Reason.EMPTY_POST


def test_the_picture_struct_of_hf_datasets_is_understood() -> None:
    assert parse(image={"bytes": b"x", "path": "a.jpg"}).image == b"x"
    linked = parse(image={"bytes": None, "path": "a.jpg"})
    assert (linked.image, linked.image_uri) == (None, "a.jpg")
    assert not parse(image={"bytes": None, "path": None}).has_picture


def test_surrogates_are_joined_or_replaced_and_nul_removed() -> None:
    assert clean_text("a\0b \ud83d\ude00 \ud83d c") == "ab 😀 \ufffd c"
    assert parse(text="\udc00x").text == "\ufffdx"


def test_empty_keyphrases_are_dropped() -> None:
    assert parse(keyphrases=[" a ", "", " "]).keyphrases == ("a",)
    assert parse(keyphrases=[]).keyphrases == ()


def test_extra_fields_become_json() -> None:
    post = parse(
        when=datetime(2024, 1, 2, tzinfo=UTC),
        price=Decimal("1.5"),
        bad=float("nan"),
        raw=b"x",
        nested={"raw": b"x", "list": [1, b"x", "\ud800"]},
    )
    assert post.extra == {
        "when": "2024-01-02T00:00:00+00:00",
        "price": 1.5,
        "bad": None,
        "nested": {"list": [1, "\ufffd"]},
    }


def test_a_deeply_nested_field_is_a_broken_record() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    assert reason(parse(deep=deep)) is Reason.BROKEN_RECORD


def test_details_stay_short() -> None:
    for post in (parse(created_at="x" * 100_000), parse(**{"text": {"y" * 100_000: 1}})):
        assert post.error is not None
        assert len(post.error.detail) <= LONGEST_DETAIL


_text = st.text("aé猫\0\ud83d\ude00 .,", max_size=8)
_scalar = st.none() | st.booleans() | st.integers() | st.floats() | _text | st.binary(max_size=4)
_value = _scalar | st.lists(_scalar, max_size=3) | st.dictionaries(_text, _scalar, max_size=3)
_names = st.sampled_from(["id", "text", "image", "image_uri", "created_at", "keyphrases", "other"])


@settings(deadline=None)
@given(st.dictionaries(_names, _value))
def test_any_record_becomes_a_post_that_arrow_and_json_carry(record: dict[str, Any]) -> None:
    post = parse_record(record, "s")
    assert known_id(record) == post.id
    strings = [post.id, post.text, post.image_uri, str(post.error)]
    assert pa.array(strings).to_pylist() == strings
    moments = [post.created_at]
    assert pa.array(moments, pa.timestamp("us", tz="UTC")).to_pylist() == moments
    assert json.loads(json.dumps(dict(post.extra))) == post.extra
