"""Every setting is told of, with its default, and can be set in Compose."""

import re
from enum import Enum

import pytest

from grading.settings import Settings
from tests.unit.deployment import plan
from tests.unit.deployment.compose import (
    BASE,
    DEVELOPMENT,
    PRODUCTION,
    ROOT,
    named_variables,
    services,
)

SETTINGS = {name.upper(): field.default for name, field in Settings.model_fields.items()}
#: What the compose files say instead of an operator, or leave as it is.
SET_BY_COMPOSE = {
    "DATABASE_URL",
    "RABBITMQ_URL",
    "CELERY_BROKER_URL",
    "GRADING_HOST",
    "PORT",
    "WORKER_CONCURRENCY",
    "WORKER_METRICS_PORT",
    "WORKER_PULSE_FILE",
    "GRADING_METRICS_HOST",
    "GRADING_METRICS_PORT",
    "OTEL_SERVICE_NAME",
}
#: Where the compose files have another default than the code, and why is said in them.
OTHERWISE = {"GRADING_REVIEW_MODE", "GRADING_AUDIO_URL", "GRADING_MEASURING_PROCESSES"}

_ROW = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?P<default>[^|]+) \| (?P<meaning>[^|].+) \|$", re.M)
_LINE = re.compile(r"^(?P<off>#?)(?P<name>[A-Z_]+)=(?P<value>.*)$", re.M)


def _written(default: object) -> str:
    """A default as people write it."""
    match default:
        case Enum():
            return str(default.value)
        case bool():
            return str(default).lower()
        case float():
            return f"{default:g}"
    return str(default)


def _table() -> dict[str, tuple[str, str]]:
    text = (ROOT / "docs/deployment.md").read_text().partition("## Settings")[2]
    return {row["name"]: (row["default"], row["meaning"]) for row in _ROW.finditer(text)}


def _example(name: str = ".env.example") -> dict[str, tuple[bool, str]]:
    lines = _LINE.finditer((ROOT / name).read_text())
    return {line["name"]: (not line["off"], line["value"]) for line in lines}


@pytest.mark.parametrize(("name", "default"), SETTINGS.items())
def test_the_table_has_a_setting_with_its_default(name: str, default: object) -> None:
    told, meaning = _table()[name]
    assert len(meaning) > 10
    assert ("*set by Compose*" in meaning) == (name in SET_BY_COMPOSE)
    if default is not None and not isinstance(default, (str, Enum)) and told != "none":
        # A required one has no default, which pydantic says with an object of its own.
        assert told in (_written(default), "required")
    elif isinstance(default, (str, Enum)) and default:
        assert told.strip("`") == _written(default)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - SET_BY_COMPOSE))
def test_a_setting_can_be_set_in_compose(name: str) -> None:
    told = [
        service["environment"][name]
        for service in services(BASE, variables={name: "another value"}).values()
        if name in service.get("environment", {})
    ]
    assert told
    assert set(told) == {"another value"}


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - SET_BY_COMPOSE - OTHERWISE))
def test_compose_has_no_default_of_its_own(name: str) -> None:
    [default] = named_variables(BASE)[name]
    if default:
        assert default == _written(SETTINGS[name])


def test_the_example_has_every_variable_that_compose_reads() -> None:
    read = set(named_variables(BASE, DEVELOPMENT, PRODUCTION))
    assert read <= set(_example())


def test_the_example_has_the_plans_values() -> None:
    example = _example()
    for name, value in plan.DEVELOPMENT.items():
        assert example[name] == (True, value)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - SET_BY_COMPOSE - OTHERWISE))
def test_the_example_shows_the_default(name: str) -> None:
    _, value = _example()[name]
    default = SETTINGS[name]
    assert value == ("" if default is None or not _shown(default) else _written(default))


def _shown(default: object) -> bool:
    return isinstance(default, (str, int, float, Enum))


def test_the_example_for_production_asks_for_what_is_required_and_knows_no_secret() -> None:
    example = _example(".env.production.example")
    text = PRODUCTION.read_text()
    assert set(re.findall(r"\$\{(\w+):\?", text)) <= set(example)
    assert not [name for name, (_, value) in example.items() if value]


def test_nothing_of_an_example_reaches_an_image() -> None:
    # Nor anything else that isn't named: the first rule leaves all out.
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    assert rules[0] == "*"
    assert not [rule for rule in rules if rule.startswith("!.")]
