"""`keyphrases models`, on the store of the demo."""

import json
import shutil

import pytest

from model_store.store import Store

pytestmark = pytest.mark.timeout(850)


@pytest.fixture
def store(demo, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(demo.store, tmp_path / "store")


def test_list_names_versions_and_aliases(keyphrases, store):
    versions = json.loads(keyphrases("models", "list", "--store", store, "--json").stdout)

    assert [(one["model"], one["aliases"]) for one in versions] == [("demo@1", "production")]
    assert "demo@1" in keyphrases("models", "list", "--store", store).stdout


def test_show_prints_the_card(keyphrases, store):
    done = keyphrases("models", "show", "demo", "--store", store, "--json")
    card = json.loads(done.stdout)

    assert card["model"] == "demo@1"
    assert card["base"]["name"] == "small"
    assert card["training"]["config"]["method"] == "aimkp"
    assert card["metrics"]["validation"]["cmkp"]["all"]["f1@3"] > 0.6


def test_an_alias_moves_and_goes_back_however_often_it_is_said(keyphrases, store):
    Store(str(store)).publish("demo", store / "demo" / "v000001")
    for _ in range(2):
        done = keyphrases("models", "promote", "demo@2", "--store", store)
        assert "demo@production is now demo@2" in done.stdout

    done = keyphrases("models", "rollback", "demo", "--store", store)
    assert "demo@production is now demo@1" in done.stdout


def test_one_corrupt_card_does_not_hide_the_other_versions(keyphrases, store):
    Store(str(store)).publish("demo", store / "demo" / "v000001")
    (store / "demo" / "v000002" / "card.json").write_text("{}")

    versions = json.loads(keyphrases("models", "list", "--store", store, "--json").stdout)

    assert [(one["model"], one["method"]) for one in versions] == [
        ("demo@1", "aimkp"),
        ("demo@2", "(corrupt)"),
    ]
    assert versions[0]["f1@3"] > 0.6


def test_promote_wants_a_version(keyphrases, store):
    done = keyphrases("models", "promote", "demo", "--store", store)

    assert done.returncode == 2
    assert "demo@VERSION" in done.stderr


def test_verify_names_the_file_that_is_wrong(keyphrases, store):
    assert keyphrases("models", "verify", "demo", "--store", store).returncode == 0
    with (store / "demo" / "v000001" / "projector.safetensors").open("ab") as file:
        file.write(b"x")

    done = keyphrases("models", "verify", "demo", "--store", store)

    assert done.returncode == 2
    assert "projector.safetensors" in done.stderr
