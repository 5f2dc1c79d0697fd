from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from posts.errors import InputError
from posts.files import s3_retry
from posts.files.s3_retry import DENIALS, PATIENCE_VARIABLE, Place, patience, patiently

UNREACHABLE = EndpointConnectionError(endpoint_url="http://s3")
LATE = ReadTimeoutError(endpoint_url="http://s3")


class Clock:
    """Time that passes only where one waits for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    time = SimpleNamespace(monotonic=lambda: clock.now, sleep=clock.sleep)
    monkeypatch.setattr(s3_retry, "time", time)
    monkeypatch.setattr(s3_retry, "random", SimpleNamespace(uniform=lambda _, longest: longest))
    return clock


def answered(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject"
    )


BUSY, DENIED = answered("SlowDown", 503), answered("AccessDenied", 403)


class Requests:
    """A request that fails so and so often, for ever if infinite, and then answers."""

    def __init__(self, *failures: Exception, times: float = 1) -> None:
        self.failures: Iterator[Exception] = iter(failures)
        self.failure, self.left = next(self.failures), times
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.left > 0:
            self.left -= 1
            raise self.failure
        return "answer"


def trusted() -> Place:
    place = Place()
    assert patiently(lambda: "answer", place, 300) == "answer"
    return place


@pytest.mark.parametrize(
    "failure",
    [
        BUSY,
        LATE,
        UNREACHABLE,
        DENIED,
        answered("InternalError", 500),
        answered("502", 502),
        answered("504", 504),
        answered("RequestTimeout", 400),
        answered("Throttling", 400),
        answered("ConditionalRequestConflict", 409),
    ],
    ids=str,
)
def test_what_may_pass_is_asked_again_where_the_place_has_answered(
    clock: Clock, failure: Exception
) -> None:
    request = Requests(failure, times=4)
    assert patiently(request, trusted(), 300) == "answer"
    assert clock.pauses == [0.2, 0.4, 0.8, 1.6]


@pytest.mark.parametrize(
    "failure",
    [
        answered("NoSuchKey", 404),
        answered("PreconditionFailed", 412),
        answered("SignatureDoesNotMatch", 403),
        answered("InvalidAccessKeyId", 403),
        answered("ExpiredToken", 400),
        answered("NotImplemented", 501),
    ],
    ids=str,
)
def test_what_would_be_answered_alike_is_asked_once(clock: Clock, failure: Exception) -> None:
    request = Requests(failure)
    with pytest.raises(ClientError):
        patiently(request, trusted(), 300)
    assert request.asked == 1


def test_pauses_grow_to_a_bound_and_never_beyond_the_patience(clock: Clock) -> None:
    with pytest.raises(ClientError):
        patiently(Requests(BUSY, times=math.inf), trusted(), 100)
    assert clock.now == 100
    assert max(clock.pauses) == 20


def test_a_place_that_never_answered_has_seconds(clock: Clock) -> None:
    with pytest.raises(ClientError):
        patiently(Requests(BUSY, times=math.inf), Place(), 300)
    assert clock.now == s3_retry.FIRST_SECONDS < 10


@pytest.mark.parametrize("failure", [DENIED, UNREACHABLE], ids=str)
def test_a_wrong_key_or_address_is_told_at_once(clock: Clock, failure: Exception) -> None:
    request = Requests(failure, times=math.inf)
    with pytest.raises(type(failure)):
        patiently(request, Place(), 300)
    assert request.asked == 1


def test_denials_are_weather_a_few_times(clock: Clock) -> None:
    assert patiently(Requests(DENIED, times=DENIALS), trusted(), 300) == "answer"
    request = Requests(DENIED, times=math.inf)
    with pytest.raises(ClientError):
        patiently(request, trusted(), 300)
    assert request.asked == DENIALS + 1


def test_after_denials_that_did_not_pass_they_are_believed_for_a_while(clock: Clock) -> None:
    place = trusted()
    with pytest.raises(ClientError):
        patiently(Requests(DENIED, times=math.inf), place, 300)
    believed = Requests(DENIED, times=1)
    with pytest.raises(ClientError):
        patiently(believed, place, 300)
    assert believed.asked == 1
    assert patiently(Requests(BUSY, times=1), place, 300) == "answer"
    clock.now += 61
    assert patiently(Requests(DENIED, times=1), place, 300) == "answer"


def test_after_an_outage_that_outlasted_a_request_the_others_do_not_wait_as_long(
    clock: Clock,
) -> None:
    place = trusted()
    waited: list[float] = []
    outage: list[Callable[[], str]] = [Requests(LATE, times=math.inf) for _ in range(3)]
    for request in outage:
        begun = clock.now
        with pytest.raises(ReadTimeoutError):
            patiently(request, place, 300)
        waited.append(clock.now - begun)
    assert waited == [300, s3_retry.FIRST_SECONDS, s3_retry.FIRST_SECONDS]
    assert patiently(Requests(LATE, times=1), place, 300) == "answer"
    assert patiently(Requests(LATE, times=10), place, 300) == "answer"


def test_the_patience_is_set_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PATIENCE_VARIABLE, raising=False)
    assert patience() == 300
    for given, seconds in (("20", 20), ("0", 0), (" 1.5 ", 1.5), ("", 300)):
        monkeypatch.setenv(PATIENCE_VARIABLE, given)
        assert patience() == seconds
    for wrong in ("long", "-1", "nan", "inf"):
        monkeypatch.setenv(PATIENCE_VARIABLE, wrong)
        with pytest.raises(InputError, match=PATIENCE_VARIABLE):
            patience()
