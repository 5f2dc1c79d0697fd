"""Robustness scenarios: what of a post a model gets to see in an evaluation.

show = find_scenario("image-noise-3")
text, picture = show(examples, row)

All are seeded and the same for every model. What happens to a post is drawn by its id, so it does
not depend on the posts beside it; but a share of posts, and whose picture another post gets, are
matters of the whole set.
"""

from __future__ import annotations

from trainer.scenarios.names import (
    ALL,
    PLAIN,
    STANDARD,
    expand_scenarios,
    find_scenario,
    scenario_number,
)
from trainer.scenarios.removal import clean
from trainer.scenarios.shown import Scenario, Shown

__all__ = [
    "ALL",
    "PLAIN",
    "STANDARD",
    "Scenario",
    "Shown",
    "clean",
    "expand_scenarios",
    "find_scenario",
    "scenario_number",
]
