"""Scores under the two published definitions; numbers of one never compare with the other's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trainer.metrics import aimkp, cmkp
from trainer.metrics.case import Case, read_cases, write_cases

__all__ = ["Case", "read_cases", "score", "write_cases"]


def score(cases: Iterable[Case]) -> dict[str, Any]:
    """Scores from 0 to 1 under both definitions.

    `{"cmkp": {"all": {"f1@1", "p@1", "r@1", "f1@3", "f1@5", "map@5"}, "present": .., "absent": ..},
    "aimkp": {"f1@1", "p@1", "r@1", "f1@3", "p@3", "r@3", "map@5"}}`
    """
    cases = list(cases)
    return {"cmkp": cmkp.score(cases), "aimkp": aimkp.score(cases)}
