"""The services, ports, volumes and variables of the deployment plan are in the compose files."""

from typing import Any

import pytest

from grading.domain.review import ReviewMode
from grading.settings import Settings, load_settings
from tests.unit.deployment import plan
from tests.unit.deployment.compose import (
    BASE,
    DEVELOPMENT,
    PRODUCTION,
    Service,
    environment,
    named_variables,
    services,
    stack,
)

OURS = (
    "grading-migrate",
    "python-grading-api",
    "python-celery-worker",
    "python-celery-worker-speaking",
)
IN_PRODUCTION = plan.OTHERS | {"GRADING_TLS_FOLDER": "/etc/vstep/tls"}


def test_development_has_the_services_with_their_ports() -> None:
    found = services(BASE, DEVELOPMENT)
    for name, ports in plan.PORTS.items():
        # On this machine alone: the passwords are known to all.
        assert set(found[name].get("ports", [])) == {f"127.0.0.1:{port}" for port in ports}


def test_the_volumes_and_the_network_are_there() -> None:
    found = stack(BASE)
    assert set(found["volumes"]) >= plan.VOLUMES
    assert found["networks"] == {"default": {"name": plan.NETWORK}}
    mounted = {
        volume.split(":")[0]
        for service in found["services"].values()
        for volume in service.get("volumes", [])
    }
    assert set(found["volumes"]) <= mounted


@pytest.mark.parametrize(("name", "default"), plan.VARIABLES.items())
def test_a_variable_has_its_default(name: str, default: str) -> None:
    assert named_variables(BASE)[name] == {default}


@pytest.mark.parametrize("name", plan.VARIABLES)
def test_a_variable_changes_what_a_container_is_told(name: str) -> None:
    def told(found: dict[str, Service]) -> list[Any]:
        return [service.get("environment") for service in found.values()]

    other = {name: plan.OTHERS[name]}
    assert told(services(BASE)) != told(services(BASE, variables=other))
    one_more = IN_PRODUCTION | {name: plan.OTHERS[name] + "0"}
    assert told(services(BASE, PRODUCTION, variables=IN_PRODUCTION)) != told(
        services(BASE, PRODUCTION, variables=one_more)
    )


def _settings(
    monkeypatch: pytest.MonkeyPatch, service: Service, variables: dict[str, str]
) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment(service, variables).items():
        monkeypatch.setenv(name, value)
    return load_settings()


@pytest.mark.parametrize("name", OURS)
def test_our_services_take_the_defaults(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    read = _settings(monkeypatch, services(BASE)[name], {})
    assert read.sla_seconds == {"writing": 1200, "speaking": 3600}
    assert read.grading_review_mode is ReviewMode.REQUIRED
    assert read.audio_url == "file:///var/lib/vstep/recordings"
    assert read.openai_api_key is None
    url = read.database_url.get_secret_value()
    assert url == "postgresql://vstep:changeme@postgres-grading:5432/vstep_grading"


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("above", [DEVELOPMENT, PRODUCTION])
def test_our_services_take_what_the_variables_say(
    monkeypatch: pytest.MonkeyPatch, name: str, above: Any
) -> None:
    given = IN_PRODUCTION | {"GRADING_LEASE_SECONDS": "45", "GRADING_REVIEW_MODE": "advisory"}
    read = _settings(monkeypatch, services(BASE, above, variables=given)[name], given)
    assert read.sla_seconds == {"writing": 1300, "speaking": 3700}
    assert (read.grading_max_retries, read.grading_retry_backoff_cap_seconds) == (7, 77)
    assert read.grading_lease_seconds == 45
    assert read.grading_review_mode is ReviewMode.ADVISORY
    assert read.openai_api_key is not None
    assert read.openai_api_key.get_secret_value() == "sk-1"
    assert read.stt_api_key is not None
    assert read.stt_api_key.get_secret_value() == "stt-2"
    url = read.database_url.get_secret_value()
    assert url == "postgresql://examiner:k3jh4k5j6h@postgres-grading:5432/graded"
    assert read.broker_url == "amqp://postman:98fd7g9s8d@rabbitmq:5672"


def test_the_database_and_the_broker_have_the_users_that_the_service_comes_as() -> None:
    found = services(BASE, PRODUCTION, variables=IN_PRODUCTION)
    database = environment(found["postgres-grading"])
    assert database["POSTGRES_USER"] == "examiner"
    assert database["POSTGRES_PASSWORD"] == "k3jh4k5j6h"
    assert database["POSTGRES_DB"] == "graded"
    broker = environment(found["rabbitmq"])
    assert broker["RABBITMQ_DEFAULT_USER"] == "postman"
    assert broker["RABBITMQ_DEFAULT_PASS"] == "98fd7g9s8d"


def test_recordings_are_where_server_and_workers_both_look() -> None:
    found = services(BASE)
    for name in OURS[1:]:
        assert "recordings_data:/var/lib/vstep/recordings" in found[name]["volumes"]
    bucket = {
        "GRADING_AUDIO_URL": "s3://vstep-recordings",
        "AWS_ENDPOINT": "http://recordings-s3:9000",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }
    for name in OURS[1:]:
        told = environment(services(BASE, variables=bucket)[name], bucket)
        assert bucket.items() <= told.items()
        # An empty one would count as an answer.
        assert "AWS_REGION" not in told
