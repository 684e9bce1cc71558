"""Everybody is let in on a loopback address alone, and never in production."""

import pytest

from grading.auth_settings import AuthMode, is_loopback
from grading.domain.caller import is_tenant
from grading.exceptions import SettingsError
from grading.settings import load_settings

GIVEN = {"database_url": "postgresql://db/name", "rabbitmq_url": "amqp://mq"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_everybody_may_be_let_in_on_a_loopback_address(host: str) -> None:
    settings = load_settings(**GIVEN, grading_auth="off", grading_host=host)
    assert settings.grading_auth is AuthMode.OFF
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",  # noqa: S104
        "::",
        "10.0.0.1",
        "grading",
        "localhost.example.org",
        "::ffff:10.0.0.1",
    ],
)
def test_everybody_is_not_let_in_elsewhere(host: str) -> None:
    with pytest.raises(SettingsError, match=r"^GRADING_AUTH: must be required, since GRADING_HOST"):
        load_settings(**GIVEN, grading_auth="off", grading_host=host)


def test_everybody_is_not_let_in_in_production() -> None:
    with pytest.raises(SettingsError, match=r"^GRADING_AUTH: must be required, since ENVIRONMENT"):
        load_settings(**GIVEN, grading_auth="off", environment="production")


def test_nobody_is_let_in_unknown_where_nothing_is_said() -> None:
    assert load_settings(**GIVEN).grading_auth is AuthMode.REQUIRED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grading_auth", "none"),
        ("grading_reflection", "yes"),
        ("grading_auth_cache_seconds", "0"),
        ("grading_auth_cache_seconds", "3600"),
        ("grading_auth_grace_seconds", "-1"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(**GIVEN, **{name: value})
    [line] = str(refused.value).splitlines()
    assert line.startswith(f"{name.upper()}: ")


@pytest.mark.parametrize("name", ["default", "a", "school-7", "a" * 64])
def test_names_of_tenants(name: str) -> None:
    assert is_tenant(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "School", "a b", "a\n", "trường", "a" * 65, "*"])
def test_no_names_of_tenants(name: str) -> None:
    assert not is_tenant(name)
