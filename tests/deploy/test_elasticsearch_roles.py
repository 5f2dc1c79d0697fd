"""The roles of `deploy/elasticsearch`, on a real Elasticsearch with security on.

A run, a rebuild, a rollback and a takedown need no more than the indexer's, searches no more than
the other, and neither may do anything else. The setup of compose makes roles and keys.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import ApiError, AuthorizationException, Elasticsearch, TransportError

from model_store.base import load_base
from model_store.bundle import save_bundle
from model_store.generation import GenerationSettings
from model_store.lora import LoraSettings, attach_lora
from model_store.store import Store
from tests.deploy.manifests import DEPLOY, ROOT
from tests.deploy.scripts import script
from tests.servers.elasticsearch import secure_elasticsearch
from tests.tiny_models import tiny_base

# A server of its own takes a minute to start, and runs in processes of their own take as long.
pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@dataclass(frozen=True, kw_only=True)
class Secured:
    """The server after the setup, and a place with a dump and a store."""

    url: str
    admin: Elasticsearch
    keys: Path
    place: Path

    def keyphrases(self, role: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The program, with the API key of a role."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ELASTICSEARCH_", "RAY_"))
        }
        return subprocess.run(
            [sys.executable, "-m", "keyphrases", *arguments],
            cwd=ROOT,
            env=environment | {"ELASTICSEARCH_API_KEY": (self.keys / role).read_text()},
            capture_output=True,
            text=True,
            timeout=300,
        )

    def index(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        store = str(self.place / "models")
        dump = str(self.place / "dump")
        wanted = ("--index", f"{self.url}/posts", "--store", store, "--model", "tiny")
        return self.keyphrases("indexer", "index", dump, *wanted, *arguments)


@pytest.fixture(scope="module")
def secured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Secured]:
    place, password = tmp_path_factory.mktemp("secured"), "only-for-tests"
    make_model(place)
    (place / "dump").mkdir()
    posts = [{"id": str(number), "text": f"tickets for quiz {number}"} for number in range(8)]
    lines = "".join(json.dumps(post) + "\n" for post in posts)
    (place / "dump" / "posts.jsonl").write_text(lines)
    with secure_elasticsearch(request, password) as url:
        # One that has just started is slow.
        admin = Elasticsearch(url, basic_auth=("elastic", password), request_timeout=300)
        wait_for_users(admin)
        setup = script("setup_services")
        for _once_and_again in range(2):
            setup.make_roles(admin, DEPLOY / "elasticsearch")
            for role in setup.ROLES:
                setup.make_key(admin, DEPLOY / "elasticsearch", role, place / "keys" / role)
        yield Secured(url=url, admin=admin, keys=place / "keys", place=place)


def test_a_run_needs_no_more_than_the_role_of_the_indexer(secured: Secured) -> None:
    first = secured.index("--actors", "1")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["indexed"] == 8
    rebuilt = secured.index("--actors", "1", "--rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    place = ("--index", f"{secured.url}/posts")
    for command in (
        ("delete", "3", *place),
        ("indexes", "list", *place),
        ("indexes", "rollback", *place),
        ("indexes", "promote", "2", *place),
        ("indexes", "prune", *place),
    ):
        done = secured.keyphrases("indexer", *command)
        assert done.returncode == 0, (command, done.stderr)

    # And searching no more than the other.
    found = secured.keyphrases("search", "search", "tickets", *place, "--facets", "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["total"] == 7


def test_who_may_search_may_not_write_and_is_told_so(secured: Secured) -> None:
    place = ("--index", f"{secured.url}/posts")
    store = ("--store", str(secured.place / "models"), "--model", "tiny")
    dump = str(secured.place / "dump")
    refused = secured.keyphrases("search", "index", dump, *place, *store, "--check")
    assert refused.returncode == 2
    assert "lacks the rights" in refused.stderr
    assert secured.keyphrases("search", "delete", "4", *place).returncode != 0
    client = secured.admin.options(api_key=(secured.keys / "search").read_text())
    with pytest.raises(AuthorizationException):
        client.index(index="posts-000009", document={"text": "no"})


def test_neither_role_reaches_another_index_or_the_security(secured: Secured) -> None:
    secured.admin.index(index="salaries", document={"text": "no"}, refresh=True)
    for role in ("indexer", "search"):
        client = secured.admin.options(api_key=(secured.keys / role).read_text())
        for forbidden in (
            lambda client=client: client.search(index="salaries"),
            lambda client=client: client.index(index="salaries", document={}),
            lambda client=client: client.indices.delete(index="salaries"),
            lambda client=client: client.security.put_role(name="more", cluster=["all"]),
        ):
            with pytest.raises(AuthorizationException):
                forbidden()


def make_model(place: Path) -> None:
    """A store with the model `tiny`."""
    base = load_base(str(tiny_base("llava", place / "bases")))
    attach_lora(base.model, base.family, LoraSettings(r=4, alpha=8))
    settings = GenerationSettings(beams=2, max_new_tokens=6)
    bundle = place / "bundle"
    save_bundle(bundle, base, generation=settings, training={}, metrics={}, data={})
    Store(str(place / "models")).publish("tiny", bundle)


def wait_for_users(admin: Elasticsearch) -> None:
    """A server answers a little before it knows its users."""
    deadline = time.monotonic() + 120
    while True:
        try:
            admin.cluster.health(wait_for_status="yellow")
            return
        except (ApiError, TransportError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)
