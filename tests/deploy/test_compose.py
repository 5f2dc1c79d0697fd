"""The compose file: what is reachable, what waits for what, and the secrets that it is given."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from indexer.search.http.settings import SHORTEST_KEY
from tests.deploy.manifests import DEPLOY
from tests.deploy.scripts import script

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
RAY = ("head", "worker")


@pytest.fixture
def maker() -> ModuleType:
    return script("make_secrets")


def test_what_is_reachable_is_reachable_from_this_machine_alone() -> None:
    published = [port for each in SERVICES.values() for port in each.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    # Neither Ray's own port nor those of its workers and clients.
    inner = {port.split(":")[-1] for port in published}
    assert inner == {"8265", "8080", "9200", "8333", "8090"}


def test_every_service_that_stays_is_asked_whether_it_is_well() -> None:
    for name, each in SERVICES.items():
        assert ("healthcheck" in each) == (name not in ("setup", "certificates")), name


def test_everything_waits_for_what_it_needs() -> None:
    done, healthy = "service_completed_successfully", "service_healthy"
    waits = {
        name: {on: how["condition"] for on, how in each.get("depends_on", {}).items()}
        for name, each in SERVICES.items()
    }
    assert waits["elasticsearch"] == {"certificates": done}
    assert waits["setup"] == {"elasticsearch": healthy, "s3": healthy}
    assert waits["head"] == {"setup": done}
    assert waits["worker"] == {"head": healthy}
    assert waits["search"] == {"setup": done}


def test_elasticsearch_has_security_and_tls_on() -> None:
    settings = SERVICES["elasticsearch"]["environment"]
    assert settings["xpack.security.enabled"] == "true"
    assert settings["xpack.security.http.ssl.enabled"] == "true"


def test_ray_wants_its_token_and_runs_without_rights_that_it_does_not_need() -> None:
    for name in RAY:
        each = SERVICES[name]
        assert each["environment"]["RAY_AUTH_MODE"] == "token"
        assert each["cap_drop"] == ["ALL"]
        assert "user" not in each, "that of the image"
        assert int(each["stop_grace_period"].removesuffix("s")) > 25
        assert int(each["environment"]["RAY_JOB_STOP_WAIT_TIME_S"]) > 25


def test_only_the_setup_has_the_passwords_of_administrators() -> None:
    for name, secrets in (
        *((name, {"ray_token", "aws_credentials"}) for name in RAY),
        ("search", {"search_key", "aws_search_credentials"}),
    ):
        assert set(SERVICES[name]["secrets"]) == secrets
        assert "env_file" not in SERVICES[name]
        assert "certs:" not in str(SERVICES[name]["volumes"]), "the authority's key lies there"


def test_the_search_is_started_when_there_is_something_to_search() -> None:
    # Else `up --wait` of a new machine would wait for an index that no run has made yet.
    profiles = {name: each["profiles"] for name, each in SERVICES.items() if "profiles" in each}
    assert profiles == {"search": ["search"]}


def test_the_search_is_told_no_credentials_but_its_own(maker: ModuleType, tmp_path: Path) -> None:
    maker.make_secrets(tmp_path)
    told = re.findall(r"^\[(.*)\]$", (tmp_path / "aws_search_credentials").read_text(), re.M)
    assert told == [SERVICES["search"]["environment"]["AWS_PROFILE"]] == ["search"]
    jobs = re.findall(r"^\[(.*)\]$", (tmp_path / "aws_credentials").read_text(), re.M)
    assert jobs == ["indexer", "trainer"]
    assert len((tmp_path / "search_key").read_text()) >= SHORTEST_KEY
    (command,) = [word for word in SERVICES["search"]["command"] if "keyphrases" in word]
    assert "/keys/search)" in command
    assert SERVICES["search"]["cap_drop"] == ["ALL"]


def test_every_secret_is_a_file_that_the_maker_makes(maker: ModuleType, tmp_path: Path) -> None:
    maker.make_secrets(tmp_path / "secrets")
    made = {path.name for path in (tmp_path / "secrets").iterdir()}
    wanted = {each["file"] for each in COMPOSE["secrets"].values()}
    wanted |= {each["env_file"] for each in SERVICES.values() if "env_file" in each}
    assert {f"./secrets/{name}" for name in made} == wanted
    used = {secret for each in SERVICES.values() for secret in each.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])


def test_secrets_are_for_nobody_else_and_made_once(maker: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    maker.make_secrets(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert len(before["ray_token"]) >= 32
    maker.make_secrets(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    maker.make_secrets(tmp_path / "others")
    others = {path.name: path.read_text() for path in (tmp_path / "others").iterdir()}
    assert all(others[name] != text for name, text in before.items())


def test_a_user_of_the_s3_server_may_do_what_the_policy_of_aws_allows(maker: ModuleType) -> None:
    policies = {user: json.loads((DEPLOY / f"s3/{user}.json").read_text()) for user in maker.USERS}
    assert set(maker.seaweed_actions(policies["indexer"])) == {
        *("List:dumps", "Read:dumps"),
        *("List:models", "Read:models"),
        *("List:reports", "Read:reports", "Write:reports"),
    }
    assert set(maker.seaweed_actions(policies["trainer"])) == {
        *("List:dumps", "Read:dumps"),
        *("List:models", "Read:models", "Write:models"),
    }
    assert set(maker.seaweed_actions(policies["search"])) == {
        *("List:dumps", "Read:dumps"),
        *("List:models", "Read:models"),
    }


def test_the_setup_makes_the_buckets_of_the_policies(maker: ModuleType) -> None:
    assert SERVICES["setup"]["command"][-3:] == list(maker.BUCKETS)
