"""`ray_cluster.yaml`, as Ray itself reads it, and which machines its autoscaler would start."""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import jsonschema
import pytest
import yaml
from ray.autoscaler._private.loader import load_function_or_class
from ray.autoscaler._private.node_provider_availability_tracker import (
    NodeProviderAvailabilityTracker,
)
from ray.autoscaler._private.resource_demand_scheduler import (
    _default_utilization_scorer,
    get_nodes_for,
)
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.autoscaler.node_launch_exception import NodeLaunchException

from tests.deploy.manifests import DEPLOY, ROOT

GPU = {"CPU": 1, "GPU": 1}


@pytest.fixture
def cluster() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / "ray_cluster.yaml").read_text())
    return config


@pytest.fixture
def scorer(cluster: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The one that the head is told to take, found as Ray finds it."""
    command = cluster["head_start_ray_commands"][-1]
    variables = dict(word.rstrip(";").split("=", 1) for word in command.split() if "=" in word)
    assert variables["PYTHONPATH"] == "/opt/keyphrases/deploy"
    assert variables["RAY_enable_autoscaler_v2"] == "0", "the second autoscaler has no scorers"
    monkeypatch.syspath_prepend(str(DEPLOY))
    found = load_function_or_class(variables["RAY_AUTOSCALER_UTILIZATION_SCORER"])
    assert sys.modules[found.__module__].__file__ == str(DEPLOY / "spot_fallback.py")
    return found


def started(
    cluster: dict[str, Any],
    scorer: Callable[..., Any],
    demands: list[dict[str, float]],
    tracker: NodeProviderAvailabilityTracker | None = None,
    running: dict[str, int] | None = None,
) -> dict[str, int]:
    """Machines that the autoscaler would start for demands that wait."""
    summary = (tracker or NodeProviderAvailabilityTracker()).summary()
    nodes, _left = get_nodes_for(
        prepare_config(copy.deepcopy(cluster))["available_node_types"],
        {"head": 1} | (running or {}),
        "head",
        cluster["max_workers"],
        demands,
        partial(scorer, node_availability_summary=summary),
    )
    return dict(nodes)


def test_ray_accepts_the_file(cluster: dict[str, Any]) -> None:
    prepared = prepare_config(copy.deepcopy(cluster))
    validate_config(prepared)
    types = prepared["available_node_types"]
    assert {name: each["min_workers"] for name, each in types.items()} == dict.fromkeys(types, 0)
    assert types["head"]["max_workers"] == 0
    assert prepared["idle_timeout_minutes"] == 10


@pytest.mark.parametrize("spoilt", ["idle_timeout_minute", "no_such_key"])
def test_ray_would_have_refused_a_key_that_it_does_not_know(
    cluster: dict[str, Any], spoilt: str
) -> None:
    with pytest.raises(jsonschema.ValidationError, match=spoilt):
        validate_config(prepare_config(cluster | {spoilt: 1}))


def test_the_head_takes_no_work_and_its_machine_type_has_no_gpu(cluster: dict[str, Any]) -> None:
    head = cluster["available_node_types"]["head"]
    assert head["resources"] == {"CPU": 0}
    assert "--num-cpus=0" in cluster["head_start_ray_commands"][-1]
    assert "InstanceMarketOptions" not in head["node_config"]


def test_every_machine_has_a_role_of_its_own_choice_and_an_encrypted_disk(
    cluster: dict[str, Any],
) -> None:
    for node in cluster["available_node_types"].values():
        assert node["node_config"]["IamInstanceProfile"]["Name"].startswith("keyphrases-")
        assert node["node_config"]["SecurityGroupIds"]
        assert all(each["Ebs"]["Encrypted"] for each in node["node_config"]["BlockDeviceMappings"])


def test_spot_and_on_demand_workers_differ_in_nothing_else(cluster: dict[str, Any]) -> None:
    types = copy.deepcopy(cluster["available_node_types"])
    market = types["gpu_spot"]["node_config"].pop("InstanceMarketOptions")
    assert market == {"MarketType": "spot"}
    assert types["gpu_spot"]["node_config"] == types["gpu_on_demand"]["node_config"]
    assert types["gpu_spot"]["resources"] == types["gpu_on_demand"]["resources"]


def test_spot_machines_come_first_and_others_when_those_are_used_up(
    cluster: dict[str, Any], scorer: Callable[..., Any]
) -> None:
    assert started(cluster, scorer, [GPU] * 3) == {"gpu_spot": 3}
    most = cluster["available_node_types"]["gpu_spot"]["max_workers"]
    assert started(cluster, scorer, [GPU], running={"gpu_spot": most}) == {"gpu_on_demand": 1}


def test_machines_on_demand_are_started_while_spot_machines_cannot_be_had(
    cluster: dict[str, Any], scorer: Callable[..., Any]
) -> None:
    clock = time.time()
    tracker = NodeProviderAvailabilityTracker(timer=lambda: clock, ttl=600)
    refused = NodeLaunchException("InsufficientInstanceCapacity", "none left", None)
    tracker.update_node_availability("gpu_spot", int(clock), refused)
    assert started(cluster, scorer, [GPU] * 2, tracker) == {"gpu_on_demand": 2}
    # Ray by itself asks for the same again, which is why there is a scorer.
    default = started(cluster, _default_utilization_scorer, [GPU] * 2, tracker)
    assert default == {"gpu_spot": 2}
    clock += 700
    assert started(cluster, scorer, [GPU] * 2, tracker) == {"gpu_spot": 2}


def test_what_no_machine_type_can_do_starts_none(
    cluster: dict[str, Any], scorer: Callable[..., Any]
) -> None:
    assert started(cluster, scorer, [{"GPU": 8}]) == {}


def test_secrets_are_files_of_the_one_who_starts_the_cluster(cluster: dict[str, Any]) -> None:
    assert cluster["file_mounts"] == {
        "/home/keyphrases/.ray/auth_token": "~/.ray/auth_token",
        "/home/keyphrases/cluster.env": "~/.keyphrases/cluster.env",
    }
    for commands in ("head_start_ray_commands", "worker_start_ray_commands"):
        start = cluster[commands][-1]
        assert start.index(". ~/cluster.env") < start.index("ray start")
        assert "RAY_AUTH_MODE=token" in start


def test_the_image_has_the_scorer_where_the_head_looks_for_it() -> None:
    containerfile = (DEPLOY / "Containerfile").read_text()
    assert "WORKDIR /opt/keyphrases\n" in containerfile
    assert "COPY deploy/spot_fallback.py deploy/spot_fallback.py\n" in containerfile
    assert "!deploy/spot_fallback.py" in (ROOT / ".dockerignore").read_text().splitlines()


def test_ray_still_looks_for_scorers_by_that_name() -> None:
    constants = import_module("ray.autoscaler._private.constants")
    assert constants.AUTOSCALER_UTILIZATION_SCORER_KEY == "RAY_AUTOSCALER_UTILIZATION_SCORER"
