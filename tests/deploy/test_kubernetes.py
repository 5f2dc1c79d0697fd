"""The manifests for Kubernetes: what is relied on in them, and how Ray reads the clusters.

No cluster is at hand. Ray's own code makes the autoscaler's configuration from a RayCluster, as it
does on the head, and the autoscaler's own scheduler says which group it would grow.
"""

from __future__ import annotations

from typing import Any

import pytest
from ray.autoscaler._private.kuberay.autoscaling_config import (
    _derive_autoscaling_config_from_ray_cr,
)
from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig
from ray.autoscaler.v2.scheduler import ResourceDemandScheduler, SchedulingRequest
from ray.autoscaler.v2.utils import ResourceRequestUtil
from ray.core.generated.autoscaler_pb2 import ResourceRequestByCount

from indexer.search.http.server import LEAVING_SECONDS
from tests.deploy.manifests import documents, of_kind, pods, ray_clusters

DRAIN_SECONDS = 25


@pytest.mark.parametrize("name", ray_clusters())
def test_ray_makes_an_autoscaler_configuration_of_every_cluster(name: str) -> None:
    config = derived(name)
    assert config["available_node_types"]["headgroup"]["resources"]["CPU"] == 0
    for group in ray_clusters()[name]["workerGroupSpecs"]:
        node = config["available_node_types"][group["groupName"]]
        assert node["resources"]["GPU"] == 1
        assert node["max_workers"] == group["maxReplicas"]


def test_the_standing_cluster_has_no_workers_when_nothing_runs() -> None:
    (spec,) = (each["spec"] for each in of_kind("RayCluster").values())
    assert spec["enableInTreeAutoscaling"] is True
    assert all(group["minReplicas"] == 0 for group in spec["workerGroupSpecs"])
    assert 60 <= spec["autoscalerOptions"]["idleTimeoutSeconds"] <= 1800


def test_workers_are_started_for_actors_that_want_gpus_and_for_no_more() -> None:
    assert grown(2) == {"gpu": 2}
    most = ray_clusters()["deploy/kuberay/cluster.yaml"]["workerGroupSpecs"][0]["maxReplicas"]
    assert grown(most + 5) == {"gpu": most}


def test_the_clusters_of_jobs_have_all_their_workers_before_the_command_is_run() -> None:
    for name in of_kind("RayJob"):
        spec = ray_clusters()[name]
        assert "enableInTreeAutoscaling" not in spec
        for group in spec["workerGroupSpecs"]:
            assert group["replicas"] == group["minReplicas"] == group["maxReplicas"] > 0


def test_a_job_is_retried_by_one_who_retries_and_leaves_no_cluster_behind() -> None:
    for job in of_kind("RayJob").values():
        spec = job["spec"]
        assert spec["backoffLimit"] >= 1
        assert spec["submitterConfig"]["backoffLimit"] == 0
        assert spec["shutdownAfterJobFinishes"] is True
        assert spec["activeDeadlineSeconds"] > 0


def test_the_nightly_job_is_never_run_beside_itself_and_tried_again_by_the_submitter_alone() -> (
    None
):
    (night,) = of_kind("CronJob").values()
    assert night["spec"]["concurrencyPolicy"] == "Forbid"
    job = night["spec"]["jobTemplate"]["spec"]
    assert job["backoffLimit"] == 0
    (pod,) = pods(job)
    assert pod["restartPolicy"] == "Never"
    (container,) = pod["containers"]
    assert any(word.startswith("--attempts=") for word in container["args"])


def test_the_nightly_job_goes_to_the_standing_cluster() -> None:
    (cluster,) = of_kind("RayCluster").values()
    (night,) = of_kind("CronJob").values()
    (pod,) = pods(night)
    variables = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    # The name that KubeRay gives to the service of the head.
    head = f"http://{cluster['metadata']['name']}-head-svc:8265"
    assert variables["RAY_API_SERVER_ADDRESS"] == head


KUBERNETES = [
    (name, each) for name, each in documents() if isinstance(each, dict) and "kind" in each
]


def test_every_object_has_its_kind_version_and_name() -> None:
    versions = {
        "RayCluster": "ray.io/v1",
        "RayJob": "ray.io/v1",
        "CronJob": "batch/v1",
        "Deployment": "apps/v1",
        "Service": "v1",
        "ServiceAccount": "v1",
    }
    assert {each["kind"] for _, each in KUBERNETES} == set(versions)
    for name, each in KUBERNETES:
        assert each["apiVersion"] == versions[each["kind"]], name
        assert {"name", "generateName"} & set(each["metadata"]), name


ALL_PODS = [(name, pod) for name, each in KUBERNETES for pod in pods(each)]


@pytest.mark.parametrize(("name", "pod"), ALL_PODS, ids=[name for name, _ in ALL_PODS])
def test_a_pod_runs_without_rights_that_it_does_not_need(name: str, pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 1000, "the user of the image"
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        own = container["securityContext"]
        assert own == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert container["resources"]["limits"].keys() >= {"cpu", "memory"}
        assert "livenessProbe" not in container, "KubeRay has its own, and a search needs none"


def test_a_run_that_is_asked_to_stop_has_the_time_that_it_takes() -> None:
    for spec in ray_clusters().values():
        for group in [spec["headGroupSpec"], *spec["workerGroupSpecs"]]:
            pod = group["template"]["spec"]
            assert pod["terminationGracePeriodSeconds"] > DRAIN_SECONDS
            variables = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
            assert int(variables["RAY_JOB_STOP_WAIT_TIME_S"]) > DRAIN_SECONDS


def test_every_cluster_asks_for_rays_token_and_has_its_secrets_by_reference() -> None:
    for spec in ray_clusters().values():
        assert spec["authOptions"] == {"mode": "token", "secretName": "keyphrases-ray-token"}
    for _, pod in ALL_PODS:
        for variable in pod["containers"][0].get("env", []):
            if any(word in variable["name"] for word in ("KEY", "TOKEN", "PASSWORD", "SECRET")):
                assert "secretKeyRef" in variable["valueFrom"]


def test_only_those_who_use_the_index_are_told_a_key_of_it() -> None:
    told = {
        name
        for name, pod in ALL_PODS
        for variable in pod["containers"][0].get("env", [])
        if variable["name"] == "ELASTICSEARCH_API_KEY"
    }
    writing = {"deploy/kuberay/cluster.yaml", "deploy/kuberay/rayjob-night.yaml"}
    assert told == writing | {"deploy/kuberay/search.yaml"}
    (search,) = pods(of_kind("Deployment"))
    (key,) = [
        variable["valueFrom"]["secretKeyRef"]
        for variable in search["containers"][0]["env"]
        if variable["name"] == "ELASTICSEARCH_API_KEY"
    ]
    assert key["name"] == "keyphrases-search", "a key of its own, which may read"


def test_the_search_is_behind_its_service_and_takes_questions_when_it_can_answer_them() -> None:
    (deployment,) = of_kind("Deployment").values()
    (service,) = of_kind("Service").values()
    spec = deployment["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == service["spec"]["selector"]
    # Else a page that was given the key by one server would be asked for it by the other.
    assert service["spec"]["sessionAffinity"] == "ClientIP"
    (pod,) = pods(spec)
    (container,) = pod["containers"]
    (port,) = container["ports"]
    assert f"--port={port['containerPort']}" in container["args"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/health", "port": port["name"]}
    assert [each["targetPort"] for each in service["spec"]["ports"]] == [port["name"]]
    assert "KEYPHRASES_API_KEY" in {each["name"] for each in container["env"]}
    assert pod["terminationGracePeriodSeconds"] > LEAVING_SECONDS


def test_every_service_account_that_is_named_is_made() -> None:
    made = {each["metadata"]["name"] for _, each in KUBERNETES if each["kind"] == "ServiceAccount"}
    named = {pod["serviceAccountName"] for _, pod in ALL_PODS if "serviceAccountName" in pod}
    assert named == made


def test_the_metrics_port_is_the_one_that_ray_is_started_with() -> None:
    for spec in ray_clusters().values():
        for group in [spec["headGroupSpec"], *spec["workerGroupSpecs"]]:
            ports = group["template"]["spec"]["containers"][0]["ports"]
            metrics = next(port for port in ports if port["name"] == "metrics")
            assert str(metrics["containerPort"]) == group["rayStartParams"]["metrics-export-port"]


def test_the_object_store_fits_into_the_volume_that_it_is_given() -> None:
    for spec in ray_clusters().values():
        for group in [spec["headGroupSpec"], *spec["workerGroupSpecs"]]:
            volumes = group["template"]["spec"]["volumes"]
            memory = next(each for each in volumes if each["name"] == "shared-memory")
            room = int(memory["emptyDir"]["sizeLimit"].removesuffix("Gi")) * 2**30
            assert int(group["rayStartParams"]["object-store-memory"]) < room


def derived(name: str) -> dict[str, Any]:
    """What Ray's autoscaler makes of the cluster in a file; it validates it too."""
    metadata = {"name": "keyphrases", "namespace": "default"}
    spec = ray_clusters()[name]
    config: dict[str, Any] = _derive_autoscaling_config_from_ray_cr(
        {"metadata": metadata, "spec": spec}
    )
    return config


def grown(actors: int) -> dict[str, int]:
    """Workers that the autoscaler would start for so many actors with a GPU."""
    config = AutoscalingConfig(derived("deploy/kuberay/cluster.yaml"), skip_content_hash=True)
    request = ResourceRequestUtil.make({"CPU": 1, "GPU": 1})
    reply = ResourceDemandScheduler(None).schedule(
        SchedulingRequest(
            disable_launch_config_check=True,
            node_type_configs=config.get_node_type_configs(),
            max_num_nodes=config.get_max_num_nodes(),
            resource_requests=[ResourceRequestByCount(request=request, count=actors)],
        )
    )
    return {each.instance_type: each.count for each in reply.to_launch}
