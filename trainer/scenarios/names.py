"""Scenarios by the names people type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from posts.errors import InputError
from trainer.scenarios import image_noise, text_noise
from trainer.scenarios.removal import clean, image_only, missing, text_only
from trainer.scenarios.shown import Scenario
from trainer.scenarios.shuffling import shuffled
from trainer.scenarios.words import with_words

ALL = "all"
"""Asks for the standard ones."""
PLAIN = ("clean", "text-only", "image-only", "shuffled")
"""What an evaluation shows where nothing else is asked."""
STANDARD = (
    *("clean", "text-only", "image-only", "missing-0.5", "shuffled"),
    *(f"image-noise-{severity}" for severity in (1, 3, 5)),
    *(f"text-noise-{severity}" for severity in (1, 3, 5)),
)
"""What a full report shows."""

_FIXED: Mapping[str, Scenario] = {
    "clean": clean,
    "text-only": text_only,
    "image-only": image_only,
    "shuffled": shuffled(1.0),
}
_BY_SHARE: Mapping[str, Callable[[float], Scenario]] = {"missing": missing, "shuffled": shuffled}
_BY_SEVERITY: Mapping[str, Callable[[int], Scenario]] = {
    "image-noise": image_noise.image_noise,
    "text-noise": text_noise.text_noise,
}
_SEVERITIES = {
    "image-noise": image_noise.SEVERITIES,
    "text-noise": text_noise.SEVERITIES,
}


def find_scenario(name: str, *, ocr: bool = False) -> Scenario:
    """The scenario of that name; InputError names those there are.

    `ocr`: the words in what is shown of a picture are shown too.
    """
    return with_words(_by_name(name)) if ocr else _by_name(name)


def _by_name(name: str) -> Scenario:
    if name in _FIXED:
        return _FIXED[name]
    numbered = scenario_number(name)
    if numbered is None:
        raise InputError(f"unknown scenario {name!r}{_nearest(name)}; choose from {_choice()}")
    family, number = numbered
    make: Mapping[str, Callable[[Any], Scenario]] = {**_BY_SHARE, **_BY_SEVERITY}
    return make[family](number)


def scenario_number(name: str) -> tuple[str, float] | None:
    """Family and share or severity of a scenario that has one: ("image-noise", 3).

    Plain `shuffled` is ("shuffled", 1.0). None for all other names.
    """
    if name == "shuffled":
        return name, 1.0
    family, _, number = name.rpartition("-")
    if family in _BY_SEVERITY and number in map(str, _SEVERITIES[family]):
        return family, int(number)
    # Digits and a point alone: float() also reads things like 1_0 and nan.
    if family in _BY_SHARE and number.isascii() and number.replace(".", "", 1).isdigit():
        share = float(number)
        return (family, share) if 0 < share <= 1 else None
    return None


def expand_scenarios(names: Iterable[str]) -> list[str]:
    """Names as asked, `all` replaced by the standard ones, each once; plain ones if none is asked.

    Raises InputError for a name that is unknown.
    """
    asked = [one for name in names for one in (STANDARD if name == ALL else (name,))] or PLAIN
    for name in asked:
        find_scenario(name)
    return list(dict.fromkeys(asked))


def _nearest(name: str) -> str:
    """For who mistyped a name, or left out its number."""
    numbered = [f"{family}-{s}" for family, of in _SEVERITIES.items() for s in of]
    known = [*_FIXED, *numbered, *(f"{family}-0.5" for family in _BY_SHARE), ALL]
    nearest = get_close_matches(name, known, n=1)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


def _choice() -> str:
    shares = " and ".join(f"{family}-R" for family in _BY_SHARE)
    severities = " and ".join(f"{family}-S" for family in _BY_SEVERITY)
    return (
        f"{', '.join(_FIXED)}, {shares} with a share R above 0 and up to 1, "
        f"{severities} with a severity S from 1 to 5, or {ALL}"
    )
