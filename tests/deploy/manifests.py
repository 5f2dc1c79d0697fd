"""The files of `deploy/` and `ray_cluster.yaml`, read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"


def documents() -> list[tuple[str, Any]]:
    """Every document of every YAML and JSON file, with the file's name."""
    found = []
    for path in [ROOT / "ray_cluster.yaml", *sorted(DEPLOY.rglob("*.yaml"))]:
        found += [
            (str(path.relative_to(ROOT)), each) for each in yaml.safe_load_all(path.read_text())
        ]
    for path in sorted(DEPLOY.rglob("*.json")):
        # `secrets` is what someone made here, and no part of the project.
        if "secrets" not in path.parts:
            found.append((str(path.relative_to(ROOT)), json.loads(path.read_text())))
    return found


def of_kind(kind: str) -> dict[str, Any]:
    """Kubernetes objects of a kind, by file."""
    return {
        name: each
        for name, each in documents()
        if isinstance(each, dict) and each.get("kind") == kind
    }


def ray_clusters() -> dict[str, Any]:
    """Specs of Ray clusters, by file: standing ones and those of jobs."""
    standing = {name: each["spec"] for name, each in of_kind("RayCluster").items()}
    of_jobs = {name: each["spec"]["rayClusterSpec"] for name, each in of_kind("RayJob").items()}
    return standing | of_jobs


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """The specs of all pods in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("containers"), list):
            yield value
        for item in value.values():
            yield from pods(item)
    elif isinstance(value, list):
        for item in value:
            yield from pods(item)


def texts(value: Any) -> Iterator[str]:
    """All texts in a document, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
