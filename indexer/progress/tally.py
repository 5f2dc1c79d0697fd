"""The tally: how many posts a run has dealt with, counted when their writes are committed."""

from __future__ import annotations

from dataclasses import dataclass

from posts.errors import JobError


@dataclass(kw_only=True)
class Tally:
    """Posts by what became of them."""

    generated: int = 0
    """Documents written with new keyphrases."""
    updated: int = 0
    """Documents whose date or other fields were written anew, without a model."""
    unchanged: int = 0
    dead: int = 0

    @property
    def indexed(self) -> int:
        return self.generated + self.updated

    @property
    def read(self) -> int:
        return self.indexed + self.unchanged + self.dead


@dataclass(frozen=True, kw_only=True)
class ErrorBudget:
    """The share of a dump's posts that may be dead before a run is given up.

    Judged against the whole dump, also half-way: dead posts are settled at once while good ones
    wait for the model, and bad ones lie together, so those dealt with so far are no fair sample.
    """

    rate: float | None
    """0 to 1. None: half, in dumps of at least `many` posts, and smaller ones may hold whatever
    they do. A dump of which most is bad is the wrong one, and would fill the dead letters for
    nothing."""
    many: int = 1_000

    _USUAL_RATE = 0.5

    def check(self, dead: int, total: int) -> None:
        """Raises `JobError` if `dead` are more than the `total` posts of the dump allow."""
        if self.rate is None and total < self.many:
            return
        rate = self._USUAL_RATE if self.rate is None else self.rate
        if dead > rate * total:
            raise JobError(
                f"{dead:,} of the dump's {total:,} posts could not be indexed, more than "
                f"--max-error-rate {rate:g} allows; see the dead letters for the reasons"
            )
