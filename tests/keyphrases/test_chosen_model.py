"""Which model a command uses."""

import pytest

from keyphrases.chosen_model import chosen_model
from posts.errors import InputError


def test_what_is_named_is_used() -> None:
    assert chosen_model("models", "tagger@2") == ("models", "tagger@2")


def test_what_ships_is_used_where_nothing_is_named() -> None:
    assert chosen_model(None, None) == ("shipped:", "pocket")


@pytest.mark.parametrize(
    ("store", "model", "lacking"), [(None, "tagger", "--store"), ("models", None, "--model")]
)
def test_half_a_name_is_refused(store: str | None, model: str | None, lacking: str) -> None:
    with pytest.raises(InputError, match=f"{lacking} .* is missing"):
        chosen_model(store, model)
