"""What holds for all files of `deploy/`: no secret in them, one name for one thing."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.deploy.manifests import DEPLOY, ROOT, documents, texts

ALL = documents()
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
FILES = ("/run/secrets/", "certs/", "~/.ray/")
KEYS = {
    *("api_key", "elasticsearch_api_key", "auth_token", "ca.crt"),
    *("nvidia.com/gpu", "eks.amazonaws.com/capacityType"),
}
"""Names of keys in secrets and labels, where Kubernetes calls a name `key`."""
BUCKETS = {"dumps", "models", "reports"}


def test_every_file_parses_and_none_is_empty() -> None:
    assert {name for name, _ in ALL} >= {
        "ray_cluster.yaml",
        "deploy/compose.yaml",
        "deploy/kuberay/cluster.yaml",
        "deploy/s3/indexer.json",
        "deploy/elasticsearch/indexer.json",
    }
    assert all(each for _, each in ALL)


def test_our_image_has_one_name_and_its_tag_is_the_version_and_the_variant() -> None:
    used = {
        text
        for _, each in ALL
        for text in texts(each)
        if re.fullmatch(r"\S*keyphrases:\S+", text) and not text.startswith("arn:")
    }
    name = f"registry.example.com/keyphrases:{VERSION}"
    assert used == {f"{name}-cpu", f"{name}-cuda"}
    containerfile = (DEPLOY / "Containerfile").read_text()
    assert set(re.findall(r"-t (\S+)", containerfile)) == used


def test_the_version_of_ray_is_the_one_that_the_image_installs() -> None:
    pinned = re.search(r"^ray==(.*)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert pinned is not None
    named = {version for _, each in ALL for version in ray_versions(each)}
    assert named == {pinned[1]}


def test_no_file_holds_a_secret() -> None:
    for name, each in ALL:
        for path, value in leaves(each):
            secret = path and re.search(r"(?i)(password|key|token|secret)$", path[-1])
            if secret and isinstance(value, str):
                assert value.startswith(FILES) or value in KEYS, (name, path)
    for path in [ROOT / "ray_cluster.yaml", *DEPLOY.rglob("*")]:
        if path.is_file() and not {"secrets", "__pycache__"} & set(path.parts):
            words = re.findall(r"\b[A-Za-z0-9]{20,}\b", path.read_text())
            assert not [word for word in words if re.search(r"[0-9]", word)], path


def test_the_example_of_the_environment_has_names_alone() -> None:
    for line in (DEPLOY / "cluster.env.example").read_text().splitlines():
        assert re.fullmatch(r"(# .*|#?[A-Z_]+=)", line), line


def test_every_bucket_that_is_named_is_one_of_the_roles() -> None:
    for name, each in ALL:
        named = {found for text in texts(each) for found in re.findall(r"s3://([\w-]+)", text)}
        assert named <= BUCKETS, name


def test_neither_git_nor_an_image_takes_secrets_in() -> None:
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    assert kept[1] == "*"
    assert [line for line in kept if line.startswith("!deploy")] == ["!deploy/spot_fallback.py"]


def test_the_image_runs_as_nobody_special_and_leaves_nothing_out_that_the_program_imports() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    assert re.findall(r"^FROM (.*)$", text, re.MULTILINE) == ["python:3.11-slim"]
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "1000:1000"
    left_out = re.search(r"'\^\(([^)]*)\)=='", text)
    assert left_out is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    dev = {re.split(r"[\[=<]", each)[0] for each in project["optional-dependencies"]["dev"]}
    only_of_xdist = {"execnet"}
    assert set(left_out[1].split("|")) <= dev | only_of_xdist
    packages = set(re.findall(r"^COPY (\w+) \w+$", text, re.MULTILINE))
    floors = yaml.safe_load(json.dumps(tomllib.loads((ROOT / "pyproject.toml").read_text())))
    assert packages == set(floors["tool"]["importlinter"]["root_packages"])
    kept = set((ROOT / ".dockerignore").read_text().splitlines())
    assert {f"!{package}" for package in packages} <= kept


@pytest.mark.parametrize(
    "name", ["README.md", *sorted(p.name for p in (ROOT / "docs").glob("*.md"))]
)
def test_a_file_of_deploy_that_is_written_about_is_there(name: str) -> None:
    path = ROOT / name if name == "README.md" else ROOT / "docs" / name
    for named in re.findall(r"(?<![\w/])deploy/[\w./-]*\w", path.read_text()):
        assert (ROOT / named).exists() or named.startswith("deploy/secrets"), named


def leaves(value: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in leaves(each, (*path, str(key)))]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each, path)]
    return [(path, value)]


def ray_versions(value: Any) -> list[str]:
    return [leaf for path, leaf in leaves(value) if path and path[-1] == "rayVersion"]
