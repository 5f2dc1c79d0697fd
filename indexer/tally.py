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
    """The share of posts that may be dead before a run is given up."""

    rate: float | None
    """0 to 1. None: half, and small dumps may hold whatever they do; a run in which most of many
    posts are bad has the wrong dump or settings, and would fill the dead letters for nothing."""
    early: int = 1_000
    """Posts that must have been dealt with before a run is given up half-way."""

    _USUAL_RATE = 0.5

    def check(self, tally: Tally, *, finished: bool = False) -> None:
        """Raises `JobError` if there are too many dead posts."""
        rate = self._USUAL_RATE if self.rate is None else self.rate
        judged = tally.read >= self.early or (finished and self.rate is not None)
        if judged and tally.dead > rate * tally.read:
            raise JobError(
                f"{tally.dead:,} of {tally.read:,} posts could not be indexed, more than "
                f"--max-error-rate {rate:g} allows; see the dead letters for the reasons"
            )
