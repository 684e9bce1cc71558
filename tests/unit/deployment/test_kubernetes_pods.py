"""How the pods of ``k8s/`` run: with no more rights than they need, and given time to end."""

import pytest

from server.health import LIVENESS, READINESS
from tests.unit.deployment.cluster import Cluster

#: Of the user in the images.
_UID = 10001
#: What a server does after its drain, in seconds.
_AFTER_DRAIN = 2


def test_no_pod_has_more_rights_than_it_needs(cluster: Cluster) -> None:
    for pods in cluster.pods:
        rights = pods.spec["securityContext"]
        assert rights["runAsNonRoot"] is True
        assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pods.spec["automountServiceAccountToken"] is False
        for container in pods.containers:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    for account in cluster.of("ServiceAccount"):
        assert account["automountServiceAccountToken"] is False
    [namespace] = cluster.of("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_service_runs_as_the_user_of_its_images_on_a_disk_it_can_not_change(
    cluster: Cluster,
) -> None:
    for pods in cluster.own_pods:
        assert pods.spec["securityContext"]["runAsUser"] == _UID
        assert pods.spec["enableServiceLinks"] is False
        for container in pods.containers:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}
        for volume in pods.spec["volumes"]:
            if "emptyDir" in volume:
                assert volume["emptyDir"]["sizeLimit"]


def test_every_container_says_what_it_takes(cluster: Cluster) -> None:
    for pods in cluster.pods:
        for container in pods.containers:
            resources = container["resources"]
            assert {"cpu", "memory"} <= resources["requests"].keys()
            assert "memory" in resources["limits"]


def test_every_image_is_of_one_release(cluster: Cluster) -> None:
    for pods in cluster.pods:
        for container in pods.containers:
            _, _, tag = container["image"].partition(":")
            assert tag not in {"", "latest"}
    tags = {c["image"].partition(":")[2] for pods in cluster.own_pods for c in pods.containers}
    [release] = tags
    [job] = cluster.of("Job")
    assert job["metadata"]["name"] == f"vstep-grading-migrate-{release}"


def test_a_setting_changes_no_job(cluster: Cluster) -> None:
    # A Job can't be changed, and the name of the settings is another with each change.
    assert "envFrom" not in cluster.component("migrate").main


def test_a_rollout_takes_no_pod_away_before_its_successor_works(cluster: Cluster) -> None:
    for manifest in cluster.of("Deployment"):
        assert manifest["spec"]["strategy"]["rollingUpdate"] == {
            "maxSurge": 1,
            "maxUnavailable": 0,
        }
        assert manifest["spec"]["minReadySeconds"] >= 10


def test_new_workers_wait_for_the_schema(cluster: Cluster) -> None:
    for name in ("worker-writing", "worker-speaking"):
        workers = cluster.component(name)
        [waiting] = workers.spec["initContainers"]
        assert waiting["command"][:4] == ["python", "-m", "grading.store.schema", "--wait"]
        assert waiting["image"] == workers.main["image"]


def test_a_server_has_the_time_that_its_drain_takes(cluster: Cluster) -> None:
    servers = cluster.component("server")
    before = servers.main["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = float(cluster.variables(servers.main)["GRADING_DRAIN_SECONDS"])
    assert servers.spec["terminationGracePeriodSeconds"] >= before + drain + _AFTER_DRAIN


def test_kubernetes_asks_for_liveness_and_readiness_by_their_names(development: Cluster) -> None:
    server = development.component("server").main
    assert server["startupProbe"]["grpc"]["service"] == LIVENESS
    assert server["livenessProbe"]["grpc"]["service"] == LIVENESS
    assert server["readinessProbe"]["grpc"]["service"] == READINESS


def test_with_tls_the_probe_of_the_image_asks(production: Cluster) -> None:
    server = production.component("server").main
    for name, asks in (
        ("startupProbe", "liveness"),
        ("livenessProbe", "liveness"),
        ("readinessProbe", "readiness"),
    ):
        assert "grpc" not in server[name]
        assert server[name]["exec"]["command"] == ["vstep-grading-probe", asks]
    given = production.variables(server)
    [mount] = [each for each in server["volumeMounts"] if each["name"] == "tls"]
    for variable in ("GRADING_TLS_CERTIFICATE", "GRADING_TLS_KEY"):
        assert given[variable].startswith(f"{mount['mountPath']}/tls.")


@pytest.mark.parametrize(("skill", "each"), [("writing", 500), ("speaking", 850)])
def test_workers_have_the_memory_of_their_processes(
    cluster: Cluster, skill: str, each: int
) -> None:
    workers = cluster.component(f"worker-{skill}")
    given = cluster.variables(workers.main)
    # With a provider the jobs wait on threads, and processes beside them measure.
    processes = int(given.get("GRADING_MEASURING_PROCESSES", given["WORKER_CONCURRENCY"]))
    assert _megabytes(workers.main["resources"]["limits"]["memory"]) > processes * each


def _megabytes(quantity: str) -> int:
    for suffix, factor in (("Mi", 1), ("Gi", 1024)):
        if quantity.endswith(suffix):
            return int(quantity.removesuffix(suffix)) * factor
    raise AssertionError(quantity)
