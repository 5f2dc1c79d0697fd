"""How often S3 is asked again: weather passes, a wrong key or address does not.

botocore retries too, but it counts attempts and not minutes, gives up for a whole process when one
request in three is refused, never reads a body again that broke off, and cannot tell throttling
that says "access denied" from missing rights. So its client makes one attempt, and this asks again.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable
from typing import TypeVar

from posts.errors import InputError
from posts.files.s3_client import aws_settings
from posts.files.s3_errors import FAILURES, Trouble, trouble_of

T = TypeVar("T")

PATIENCE_VARIABLE = "KEYPHRASES_S3_PATIENCE"
"""Environment variable: seconds for which a request is tried again, once the place has answered."""

FIRST_SECONDS = 8.0
"""The same for a place that has never answered: someone may be waiting for a first word."""
DENIALS = 6
"""How many denials of one request are taken for weather; with their pauses about 6 seconds."""

_USUAL_PATIENCE = 300.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 20.0
_DENIALS_BELIEVED = 60.0
"""Seconds for which denials are believed at once after one that did not pass."""


def patience() -> float:
    """What the user set, in seconds; `InputError` if that is no such number."""
    given = os.environ.get(PATIENCE_VARIABLE, "").strip()
    try:
        seconds = float(given) if given else _USUAL_PATIENCE
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise InputError(f"{PATIENCE_VARIABLE} must be a number of seconds, not {given[:40]!r}")
    return seconds


class Place:
    """What this process has learnt about a bucket under the present AWS settings.

    One that has answered well is known to be there and to be allowed, so what goes wrong then is
    weather. One that has tried a request's patience is no longer trusted, until it answers again:
    the thousands of requests after that one do not wait as long each.
    """

    def __init__(self) -> None:
        self.answers = False
        self._believed_until = 0.0

    def allowed(self, trouble: Trouble | None, denials: int, patience: float) -> float:
        """Seconds for which a request may be tried again after such a trouble."""
        if trouble is None:
            return 0.0
        if not self.answers:
            is_wrong = trouble in (Trouble.DENIED, Trouble.UNREACHABLE)
            return 0.0 if is_wrong else min(FIRST_SECONDS, patience)
        if trouble is Trouble.DENIED and (denials < 1 or time.monotonic() < self._believed_until):
            return 0.0
        return patience

    def disappointed(self, trouble: Trouble | None) -> None:
        """It was asked again and again, in vain."""
        if trouble is Trouble.DENIED:
            self._believed_until = time.monotonic() + _DENIALS_BELIEVED
        elif trouble is not None:
            self.answers = False


_places: dict[tuple[object, str], Place] = {}


def place_of(bucket: str) -> Place:
    """The one for a bucket: other credentials or another endpoint have their own."""
    return _places.setdefault((aws_settings(), bucket), Place())


def patiently(request: Callable[[], T], place: Place, patience: float, denials: int = DENIALS) -> T:
    """The request's answer. Exponential backoff with full jitter; raises its last failure.

    `denials`: how many of them are taken for weather.
    """
    begun, longest, waited = time.monotonic(), _FIRST_PAUSE, False
    while True:
        try:
            answer = request()
        except FAILURES as error:
            trouble = trouble_of(error)
            left = begun + place.allowed(trouble, denials, patience) - time.monotonic()
            if left <= 0:
                if waited:
                    place.disappointed(trouble)
                raise
        else:
            place.answers = True
            return answer
        denials -= trouble is Trouble.DENIED
        time.sleep(min(random.uniform(0, longest), left))
        longest, waited = min(2 * longest, _LONGEST_PAUSE), True
