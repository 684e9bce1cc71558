"""What every service of the compose files has, and what the production ones must not have."""

import re
from pathlib import Path

import pytest

from grading.broker import make_celery
from grading.settings import load_settings
from tests.unit.deployment.compose import (
    BASE,
    DEVELOPMENT,
    PRODUCTION,
    ROOT,
    Service,
    VariableMissing,
    environment,
    named_variables,
    services,
)
from tests.unit.deployment.test_plan import IN_PRODUCTION, OURS

#: Done once, and waited for.
JOBS = {"grading-migrate", "recordings-bucket"}
#: May be published in production: callers, and what a proxy on this machine stands before.
PUBLISHED = {
    "python-grading-api": ["0.0.0.0:8000:8000"],
    "grafana": ["127.0.0.1:3001:3000"],
    "flower": ["127.0.0.1:5555:5555"],
}
REQUIRED = {"POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "GRAFANA_PASSWORD", "GRADING_TLS_FOLDER"}


def production(**variables: str) -> dict[str, Service]:
    return services(BASE, PRODUCTION, variables=IN_PRODUCTION | variables)


NAMES = list(production())


def _seconds(text: str) -> int:
    return int(text.removesuffix("s"))


@pytest.mark.parametrize("name", NAMES)
def test_a_service_is_checked_or_waited_for(name: str) -> None:
    service = services(BASE)[name]
    if name in JOBS:
        assert service["restart"] == "no"
        waiting = [
            on[name]["condition"]
            for other in services(BASE).values()
            if name in (on := other.get("depends_on", {}))
        ]
        assert set(waiting) == {"service_completed_successfully"}
        return
    check = service["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert _seconds(check["timeout"]) <= _seconds(check["interval"]) <= 30


def test_whoever_waits_has_a_reason_to() -> None:
    for files in ((BASE,), (BASE, DEVELOPMENT)):
        found = services(*files)
        for service in found.values():
            for other, how in service.get("depends_on", {}).items():
                wanted = "completed_successfully" if other in JOBS else "healthy"
                assert how["condition"] == f"service_{wanted}"
                # Without its profile it isn't there.
                assert how.get("required", True) or found[other]["profiles"]
    for name in OURS[1:]:
        assert {"grading-migrate", "postgres-grading", "rabbitmq"} <= set(
            services(BASE)[name]["depends_on"]
        )


@pytest.mark.parametrize("name", NAMES)
def test_nothing_has_a_name_that_only_one_container_can_have(name: str) -> None:
    for files in ((BASE, DEVELOPMENT), (BASE, PRODUCTION)):
        assert "container_name" not in services(*files, variables=IN_PRODUCTION)[name]


@pytest.mark.parametrize("name", NAMES)
def test_an_image_has_a_version(name: str) -> None:
    image = services(BASE)[name]["image"]
    if "build" in services(BASE)[name] or image.startswith("vstep-grading-"):
        assert production(VSTEP_VERSION="1.2.3")[name]["image"].endswith(":1.2.3")
    else:
        assert re.search(r":v?\d+\.\d+", image)


@pytest.mark.parametrize("name", NAMES)
def test_production_bounds_and_encloses_a_service(name: str) -> None:
    service = production()[name]
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} <= set(limits)
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"max-size", "max-file"} == set(service["logging"]["options"])
    assert service.get("privileged") is None
    assert service["restart"] == ("no" if name in JOBS else "unless-stopped")


@pytest.mark.parametrize("name", NAMES)
def test_production_publishes_callers_ports_alone(name: str) -> None:
    assert production()[name].get("ports", []) == PUBLISHED.get(name, [])


@pytest.mark.parametrize("name", NAMES)
def test_production_mounts_no_source(name: str) -> None:
    for volume in production()[name].get("volumes", []):
        source, _, rest = volume.partition(":")
        if source.startswith((".", "/")):
            assert source.startswith(("./docker/", "/etc/vstep/tls"))
            assert rest.endswith(":ro")


def test_development_mounts_the_source_that_is_there() -> None:
    mounted = {
        volume.split(":")[0]
        for service in services(BASE, DEVELOPMENT).values()
        for volume in service.get("volumes", [])
        if volume.startswith("./") and ":/app/" in volume
    }
    assert {Path(folder).name for folder in mounted} == {"grading", "server", "workers", "client"}
    assert all((ROOT / folder / "__init__.py").is_file() for folder in mounted)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_production_names_what_is_missing(name: str) -> None:
    for missing in ({name: ""}, {}):
        given = {other: value for other, value in IN_PRODUCTION.items() if other != name}
        with pytest.raises(VariableMissing, match=rf"^{name}$"):
            services(BASE, PRODUCTION, variables=given | missing)


def test_production_has_no_secret_that_is_known() -> None:
    known = {
        default
        for name, defaults in named_variables(BASE, DEVELOPMENT).items()
        for default in defaults
        if re.search("PASSWORD|SECRET", name) and default
    }
    assert known == {"changeme"}
    given = {name: IN_PRODUCTION[name] for name in REQUIRED}
    told = services(BASE, PRODUCTION, variables=given)
    assert not [name for name, service in told.items() if "changeme" in str(service)]


def test_production_lets_only_known_callers_in_and_encrypts() -> None:
    told = environment(production(GRADING_AUTH="off")["python-grading-api"])
    assert told["GRADING_AUTH"] == "required"
    assert told["GRADING_TLS_CERTIFICATE"] == "/run/tls/tls.crt"
    assert told["GRADING_TLS_KEY"] == "/run/tls/tls.key"
    assert "/etc/vstep/tls:/run/tls:ro" in production()["python-grading-api"]["volumes"]


def test_a_container_has_the_time_that_its_end_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = services(BASE)
    for name, value in environment(found["python-grading-api"]).items():
        monkeypatch.setenv(name, value)
    drain = load_settings().grading_drain_seconds
    assert _seconds(found["python-grading-api"]["stop_grace_period"]) >= drain + 10
    for name in OURS[2:]:
        assert _seconds(found[name]["stop_grace_period"]) >= 60
        # Celery must get the signal itself: no shell before it.
        assert found[name]["command"][0] == "celery"


def _rabbitmq() -> dict[str, str]:
    lines = (ROOT / "docker/rabbitmq/rabbitmq.conf").read_text().splitlines()
    settings = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return {key.strip(): value.strip() for key, value in settings}


def test_the_broker_waits_longer_for_a_message_than_a_task_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment(services(BASE)["python-celery-worker-speaking"]).items():
        monkeypatch.setenv(name, value)
    celery = make_celery(load_settings(), "test")
    held_ms = int(_rabbitmq()["consumer_timeout"])
    assert held_ms >= (celery.conf.task_time_limit + 60) * 1000


def test_the_broker_keeps_its_data_when_its_container_is_replaced() -> None:
    broker = services(BASE)["rabbitmq"]
    assert broker["hostname"] == "rabbitmq"
    assert "rabbitmq_data:/var/lib/rabbitmq" in broker["volumes"]
    plugins = (ROOT / "docker/rabbitmq/enabled_plugins").read_text()
    assert "rabbitmq_management" in plugins
    assert "rabbitmq_prometheus" in plugins


def test_every_file_that_is_mounted_is_there() -> None:
    # Docker makes a folder in the place of a file that is missing.
    mounted = {
        source
        for service in services(BASE).values()
        for source, target, *_ in (volume.split(":") for volume in service.get("volumes", []))
        if source.startswith("./docker/rabbitmq/") or "." in Path(target).name
    }
    assert mounted
    assert all((ROOT / source).is_file() for source in mounted)
