"""Scenarios by name."""

import pytest

from posts.errors import InputError
from trainer.scenarios import PLAIN, STANDARD, expand_scenarios, find_scenario, scenario_number


@pytest.mark.parametrize("name", [*STANDARD, *PLAIN, "missing-1", "shuffled-.25", "text-noise-2"])
def test_known_names_are_found(name: str) -> None:
    assert callable(find_scenario(name))


@pytest.mark.parametrize(
    "name",
    ["missing", "missing-0", "missing-1.5", "missing-nan", "image-noise-6", "text-noise-", "all"],
)
def test_others_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="image-noise-S and text-noise-S with a severity"):
        find_scenario(name)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("clena", "clean"),
        ("imgae-noise-3", "image-noise-3"),
        ("text-nose-2", "text-noise-2"),
        ("shufled", "shuffled"),
        ("missing", "missing-0.5"),
    ],
)
def test_a_name_that_is_nearly_right_is_told_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(InputError, match=f"did you mean '{nearest}'"):
        find_scenario(name)


def test_names_are_expanded_and_each_is_asked_once() -> None:
    assert expand_scenarios([]) == list(PLAIN)
    assert expand_scenarios(["text-noise-2", "all", "clean"]) == ["text-noise-2", *STANDARD]


def test_numbers_are_read() -> None:
    assert scenario_number("missing-0.5") == ("missing", 0.5)
    assert scenario_number("image-noise-3") == ("image-noise", 3)
    assert scenario_number("shuffled") == ("shuffled", 1.0)
    assert scenario_number("clean") is None
