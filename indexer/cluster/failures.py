"""What goes wrong inside Ray, as one line that names the cause."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ray.exceptions import RayError

from indexer.progress.tally import Tally
from posts.errors import JobError, KeyphraseError

_LONGEST = 300
_RAYS_ADVICE = "Failed to apply UDF transform"
"""Where Ray Data begins to add to what a worker raised."""


@contextmanager
def as_job_error(tally: Tally) -> Iterator[None]:
    """Failures of a run that has begun, told with what was committed before them."""
    try:
        yield
    except (KeyphraseError, RayError, OSError) as error:
        raise JobError(
            f"{one_line(error)}; {tally.read:,} posts were dealt with and {tally.indexed:,} of "
            "them indexed before that, and the next run goes on from there"
        ) from error


def one_line(error: BaseException) -> str:
    """The cause of an error at its root, such as what a worker raised, without its traceback."""
    root = root_cause(error)
    own, _, _ = str(root).partition(_RAYS_ADVICE)
    text = " ".join(own.split())[:_LONGEST].rstrip(".")
    if isinstance(root, KeyphraseError):
        return text
    return f"{type(root).__name__}: {text}" if text else type(root).__name__


def root_cause(error: BaseException) -> BaseException:
    """What a worker raised, from under the errors that Ray wraps around it."""
    while True:
        cause = getattr(error, "cause", None) or error.__cause__
        if not isinstance(cause, BaseException) or cause is error:
            return error
        if isinstance(error, KeyphraseError) and not isinstance(error, RayError):
            return error
        error = cause
