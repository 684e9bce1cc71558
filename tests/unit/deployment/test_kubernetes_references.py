"""That the objects of ``k8s/`` find each other: selectors, names, ports and settings."""

import importlib.util
from typing import Any

import pytest

from grading.domain.work import Skill
from grading.exceptions import SettingsError
from grading.settings import Settings, load_settings
from tests.unit.deployment.cluster import Cluster, Pods

#: Variables that a library reads, and not the settings.
_OF_LIBRARIES = {
    "AWS_ACCESS_KEY_ID",
    "AWS_ENDPOINT",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_SERVICE_NAME",
}

#: Celery's application.
_APP = "workers.app"


def _queue(pods: Pods) -> str | None:
    """The queue that a worker takes jobs from."""
    options = [part for part in pods.main["command"] if part.startswith("--queues=")]
    return options[0].removeprefix("--queues=") if options else None


def test_each_selector_finds_pods(cluster: Cluster) -> None:
    selectors: list[tuple[str, dict[str, Any]]] = []
    for kind in ("Deployment", "StatefulSet", "PodDisruptionBudget", "PodMonitor"):
        selectors += [(kind, each["spec"]["selector"]) for each in cluster.of(kind)]
    for service in cluster.of("Service"):
        selectors.append(("Service", {"matchLabels": service["spec"]["selector"]}))
    for policy in cluster.of("NetworkPolicy"):
        selectors.append((policy["metadata"]["name"], policy["spec"]["podSelector"]))
    for pods in cluster.pods:
        for spread in pods.spec.get("topologySpreadConstraints", []):
            selectors.append((pods.name, spread["labelSelector"]))

    assert len(selectors) > 15
    assert [each for each in selectors if not cluster.selected(each[1])] == []


def test_each_deployment_selects_its_own_pods_alone(cluster: Cluster) -> None:
    for kind in ("Deployment", "StatefulSet"):
        for manifest in cluster.of(kind):
            [pods] = cluster.selected(manifest["spec"]["selector"])
            assert pods.name == manifest["metadata"]["name"]
            for spread in pods.spec.get("topologySpreadConstraints", []):
                assert cluster.selected(spread["labelSelector"]) == [pods]


def test_each_service_and_budget_is_for_one_kind_of_pod(cluster: Cluster) -> None:
    servers = cluster.component("server")
    for name in ("vstep-grading", "vstep-grading-headless"):
        [service] = [each for each in cluster.of("Service") if each["metadata"]["name"] == name]
        assert cluster.selected({"matchLabels": service["spec"]["selector"]}) == [servers]
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= servers.ports.keys()
    for budget in cluster.of("PodDisruptionBudget"):
        [pods] = cluster.selected(budget["spec"]["selector"])
        assert pods.name == budget["metadata"]["name"]
    guarded = {budget["metadata"]["name"] for budget in cluster.of("PodDisruptionBudget")}
    assert guarded == {p.name for p in cluster.own_pods if p.maker["kind"] == "Deployment"}


def test_what_pods_name_is_there(cluster: Cluster) -> None:
    for pods in cluster.pods:
        if account := pods.spec.get("serviceAccountName"):
            assert account in cluster.names("ServiceAccount")
        volumes = {volume["name"]: volume for volume in pods.spec.get("volumes", [])}
        claims = {
            each["metadata"]["name"] for each in pods.maker["spec"].get("volumeClaimTemplates", [])
        }
        for container in pods.containers:
            for mount in container["volumeMounts"]:
                assert mount["name"] in volumes.keys() | claims
        for volume in volumes.values():
            if claim := volume.get("persistentVolumeClaim"):
                assert claim["claimName"] in cluster.names("PersistentVolumeClaim")
            if secret := volume.get("secret"):
                assert secret["secretName"] == "vstep-grading-tls"


def test_no_secret_is_part_of_it(cluster: Cluster) -> None:
    assert cluster.of("Secret") == []


def _settings(given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What a process with these variables alone finds set."""
    with monkeypatch.context() as environment:
        for name in Settings.model_fields:
            environment.delenv(name.upper(), raising=False)
        for name, value in given.items():
            environment.setenv(name, value)
        return load_settings()


def test_the_settings_are_sound(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for pods in cluster.own_pods:
        for container in pods.containers:
            settings = _settings(cluster.variables(container), monkeypatch)
            assert settings.database_url.get_secret_value() == cluster.secret["DATABASE_URL"]
            assert settings.broker_url == cluster.secret["RABBITMQ_URL"]


def test_each_variable_is_a_setting(cluster: Cluster) -> None:
    known = {name.upper() for name in Settings.model_fields} | _OF_LIBRARIES
    given = {
        name
        for pods in cluster.own_pods
        for container in pods.containers
        for name in cluster.variables(container)
    }
    assert given - known == set()


def test_the_example_of_the_secret_has_what_is_asked_for_and_no_more(cluster: Cluster) -> None:
    asked = {
        variable["valueFrom"]["secretKeyRef"]["key"]
        for pods in cluster.pods
        for container in pods.containers
        for variable in container.get("env", [])
        if "valueFrom" in variable
    }
    # The last two only where a component asks for them.
    assert cluster.secret.keys() - {"OPENAI_API_KEY", "STT_API_KEY"} <= asked
    assert asked <= cluster.secret.keys()


def test_a_secret_without_a_key_keeps_the_pods_from_starting(production: Cluster) -> None:
    needed = {"DATABASE_URL", "RABBITMQ_URL", "GRADING_AUDIO_URL", "AWS_SECRET_ACCESS_KEY"}
    for name in needed:
        lacking = Cluster(
            production.manifests,
            {key: value for key, value in production.secret.items() if key != name},
        )
        with pytest.raises(KeyError, match=name):
            lacking.variables(lacking.component("server").main)


def test_a_password_of_the_example_stops_the_start_in_production(
    production: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = production.variables(production.component("server").main)
    given["DATABASE_URL"] = given["DATABASE_URL"].replace("chosen", "changeme")
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        _settings(given, monkeypatch)


def test_the_ports_are_those_of_the_settings(cluster: Cluster) -> None:
    servers = cluster.component("server")
    given = cluster.variables(servers.main)
    assert servers.ports == {
        "grpc": int(given["PORT"]),
        "metrics": int(given["GRADING_METRICS_PORT"]),
    }
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        if grpc := servers.main[name].get("grpc"):
            assert grpc["port"] == servers.ports["grpc"]
    for pods in cluster.own_pods:
        if pods.maker["kind"] != "Deployment":
            continue
        scraped = cluster.variables(pods.main)["GRADING_METRICS_PORT"]
        assert pods.ports["metrics"] == int(scraped)
        assert pods.annotations["prometheus.io/port"] == scraped
        if pods is not servers:
            assert cluster.variables(pods.main)["WORKER_METRICS_PORT"] == scraped


def test_each_skill_has_workers(cluster: Cluster) -> None:
    workers = [pods for pods in cluster.own_pods if _queue(pods)]
    assert sorted(_queue(pods) or "" for pods in workers) == sorted(skill.value for skill in Skill)
    for pods in workers:
        queue = _queue(pods)
        assert pods.name == f"vstep-grading-worker-{queue}"
        assert f"--hostname={queue}@%h" in pods.main["command"]
        assert f"--app={_APP}" in pods.main["command"]


def test_each_module_that_is_run_is_there(cluster: Cluster) -> None:
    run = {_APP}
    for pods in cluster.own_pods:
        for container in pods.containers:
            commands = [container["command"]]
            for name in ("startupProbe", "livenessProbe", "readinessProbe"):
                commands.append(container.get(name, {}).get("exec", {}).get("command", []))
            run |= {each[2] for each in commands if each[:2] == ["python", "-m"]}
    assert {"server", "grading.store.schema", "workers.probe"} <= run
    assert [module for module in run if importlib.util.find_spec(module) is None] == []


def test_both_stores_are_where_the_example_says(development: Cluster) -> None:
    for variable, name in (("DATABASE_URL", "postgres-grading"), ("RABBITMQ_URL", "rabbitmq")):
        [service] = [each for each in development.of("Service") if each["metadata"]["name"] == name]
        [port] = service["spec"]["ports"]
        assert f"@{name}:{port['port']}" in development.secret[variable]
        [pods] = development.selected({"matchLabels": service["spec"]["selector"]})
        assert pods.ports[port["targetPort"]] == port["port"]


def test_servers_and_workers_keep_recordings_in_one_place(cluster: Cluster) -> None:
    servers, workers = (cluster.component(name) for name in ("server", "worker-speaking"))
    place = cluster.variables(servers.main)["GRADING_AUDIO_URL"]
    assert cluster.variables(workers.main)["GRADING_AUDIO_URL"] == place
    if place.startswith("file://"):
        for pods in (servers, workers):
            assert place.removeprefix("file://") in {
                mount["mountPath"] for mount in pods.main["volumeMounts"]
            }


def test_scalers_find_what_they_scale(cluster: Cluster) -> None:
    scaled = [
        each["spec"]["scaleTargetRef"]["name"]
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for each in cluster.of(kind)
    ]
    assert len(scaled) == len(set(scaled))
    assert set(scaled) <= cluster.names("Deployment")
    for manifest in cluster.of("Deployment"):
        # It would be set back with every apply.
        if manifest["metadata"]["name"] in scaled:
            assert "replicas" not in manifest["spec"]
    for each in cluster.of("ScaledObject"):
        [trigger] = each["spec"]["triggers"]
        queue = each["metadata"]["name"].removeprefix("vstep-grading-worker-")
        assert f'{{skill="{queue}"}}' in trigger["metadata"]["query"]
