"""The one line that a failed run ends in."""

from ray.exceptions import ActorDiedError
from ray.train import WorkerGroupError

from posts.errors import JobError
from trainer.run import root_cause

LOST = RuntimeError("gloo/transport/tcp/pair.cc:537 Read error: Connection reset by peer")


def test_a_workers_error_comes_before_the_broken_connections_of_the_others() -> None:
    error = WorkerGroupError("boom", {0: LOST, 1: ValueError("weights are nan\nsecond line")})
    assert root_cause(error) == "ValueError: weights are nan"


def test_a_dead_worker_comes_before_the_broken_connections_of_the_others() -> None:
    error = WorkerGroupError("boom", {0: LOST, 1: ActorDiedError()})
    assert root_cause(error).startswith("ActorDiedError: The actor died")


def test_an_error_of_our_own_is_told_in_its_own_words() -> None:
    error = WorkerGroupError("boom", {0: ValueError("other"), 1: JobError("the dump changed")})
    assert root_cause(error) == "the dump changed"


def test_the_reason_of_an_error_is_told_instead_of_the_error() -> None:
    outer = ValueError("outer")
    outer.__cause__ = KeyError("inner")
    assert root_cause(WorkerGroupError("boom", {0: outer})) == "KeyError: 'inner'"
