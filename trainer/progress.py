"""What a running training says about itself, and how it reaches the one who waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import ray

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.3


@dataclass(frozen=True, kw_only=True)
class WarmedUp:
    """The projector has been over all pictures once more; the first epoch is yet to come."""

    epoch: int
    """Of the warm-up, from 1."""
    epochs: int
    loss: float
    """Mean over the pictures."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """The language model has learnt once more to read image tokens; no epoch has begun."""

    update: int
    """From 1."""
    updates: int
    loss: float
    """Mean over the label tokens of the update."""


@dataclass(frozen=True, kw_only=True)
class Began:
    """Workers are up and the model is loaded; sent again after lost workers were replaced."""

    step: int
    """Updates done before, in an earlier attempt."""
    steps: int
    """Updates of the whole run."""
    epochs: int
    posts: int
    """Examples in an epoch."""


@dataclass(frozen=True, kw_only=True)
class Stepped:
    """An update was done."""

    epoch: int
    """From 1."""
    step: int
    """From 1, over all epochs."""
    steps: int
    loss: float
    """Mean over the label tokens of the update."""
    posts_per_second: float
    eta_seconds: float


@dataclass(frozen=True, kw_only=True)
class Validating:
    """Phrases are being generated for the validation posts."""

    epoch: int


@dataclass(frozen=True, kw_only=True)
class Validated:
    """An epoch ended and its model was scored."""

    epoch: int
    loss: float
    """Mean over the label tokens of the epoch."""
    scores: Mapping[str, Any]
    """As `trainer.metrics.score` gives them."""
    best: bool
    """Whether this is the best epoch so far."""
    views: Mapping[str, Any] | None = None
    """As `trainer.aimkp.insight.epoch_insight` gives them; None if no view was masked."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Posts of a dump that nothing can be learnt from."""

    dump: str
    reasons: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class CheckpointFailed:
    """A checkpoint could not be written; the run goes on, and would resume from an earlier one."""

    step: int
    why: str


Event = LeftOut | WarmedUp | Lesson | Began | Stepped | Validating | Validated | CheckpointFailed
Listener = Callable[[Event], None]


class Reporter(Protocol):
    """Where a worker says how it goes; outlives the worker, which may be started again."""

    def __call__(self, event: Event) -> None:
        """Tells the one who waits; neither blocks nor fails."""
        ...

    def give_up(self, why: str) -> None:
        """Says that another try of the run would end alike."""
        ...

    def given_up(self) -> str:
        """Why a try before this one has given up; empty if none has."""
        ...


class _Mailbox:
    """Events on their way from the first worker to the driver, and what all workers must know."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._why = ""

    def put(self, event: Event) -> None:
        self._events.append(event)

    def take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def give_up(self, why: str) -> None:
        self._why = self._why or why

    def given_up(self) -> str:
        return self._why


@dataclass(frozen=True)
class RemoteReporter:
    """A reporter to the driver's mailbox; pickles into any worker."""

    mailbox: Any

    def __call__(self, event: Event) -> None:
        self.mailbox.put.remote(event)

    def give_up(self, why: str) -> None:
        ray.get(self.mailbox.give_up.remote(why))

    def given_up(self) -> str:
        return str(ray.get(self.mailbox.given_up.remote()))


@contextmanager
def listening(listener: Listener) -> Iterator[RemoteReporter]:
    """Calls `listener` in a thread with what is sent to the reporter, until the block ends."""
    mailbox = ray.remote(num_cpus=0)(_Mailbox).remote()
    ended = threading.Event()

    def deliver() -> None:
        for event in ray.get(mailbox.take.remote()):
            listener(event)

    def poll() -> None:
        while not ended.wait(_POLL_SECONDS):
            deliver()
        deliver()

    thread = threading.Thread(target=_logged(poll), name="progress", daemon=True)
    thread.start()
    try:
        yield RemoteReporter(mailbox)
    finally:
        ended.set()
        thread.join()
        ray.kill(mailbox)


def _logged(poll: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            poll()
        except Exception:
            # A display that breaks must not cost hours of training.
            logger.exception("progress is no longer shown")

    return run
