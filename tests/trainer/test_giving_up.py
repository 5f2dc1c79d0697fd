"""What our own errors mean to the tries of a run that follow."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from posts.errors import JobError
from trainer import worker
from trainer.progress import Event
from trainer.worker import train_worker


class Told:
    """A reporter in this process."""

    def __init__(self) -> None:
        self.why = ""

    def __call__(self, event: Event) -> None:
        pass

    def give_up(self, why: str) -> None:
        self.why = why

    def given_up(self) -> str:
        return self.why


@pytest.mark.parametrize(
    ("error", "tries"), [(JobError("the loss is no number"), 1), (RuntimeError("a lost worker"), 2)]
)
def test_an_error_of_our_own_is_not_met_a_second_time(
    monkeypatch: pytest.MonkeyPatch, error: Exception, tries: int
) -> None:
    begun = []

    def train(job: Any) -> int:
        begun.append(job)
        raise error

    monkeypatch.setattr(worker, "_train", train)
    job = SimpleNamespace(report=Told())
    for _ in range(2):
        with pytest.raises(type(error), match=str(error)):
            train_worker({"job": job})
    assert len(begun) == tries
