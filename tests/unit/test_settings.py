"""Settings: every bad value is named, and no secret is shown."""

from decimal import Decimal
from pathlib import Path

import pytest

from grading.audio_settings import folder_of
from grading.domain.work import Skill
from grading.exceptions import SettingsError
from grading.settings import Settings, load_settings

SECRET = "hunter2-secret"

SOUND = {
    "DATABASE_URL": f"postgresql://vstep:{SECRET}@db:5432/vstep",
    "RABBITMQ_URL": f"amqp://vstep:{SECRET}@mq:5672/vstep",
}


@pytest.fixture(autouse=True)
def sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with what must be set and nothing else."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in SOUND.items():
        monkeypatch.setenv(name, value)


def _refused() -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


def test_what_must_be_set_is_enough() -> None:
    settings = load_settings()
    assert settings.port == 8000
    assert settings.broker_url == SOUND["RABBITMQ_URL"]
    assert settings.database_url.get_secret_value() == SOUND["DATABASE_URL"]


_OUT_OF_RANGE = [
    (name.upper(), value)
    for name, field in Settings.model_fields.items()
    for value in ("-1", "1e12", "nan", "soon")
    if field.annotation in (int, float)
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *_OUT_OF_RANGE,
        ("DATABASE_URL", SECRET),
        ("DATABASE_URL", f"mysql://vstep:{SECRET}@db/vstep"),
        ("DATABASE_URL", f"postgresql://vstep:{SECRET}@db:port/vstep"),
        ("DATABASE_URL", f"//{SECRET}"),
        ("DATABASE_LISTEN_URL", f"amqp://{SECRET}@db/vstep"),
        ("DATABASE_LISTEN_URL", SECRET),
        ("GRADING_PREPARED_STATEMENTS", SECRET),
        ("RABBITMQ_URL", f"redis://:{SECRET}@mq"),
        ("RABBITMQ_URL", f"amqp://vstep:{SECRET}@mq:0x1F/vstep"),
        ("CELERY_BROKER_URL", f"memory://{SECRET}"),
        ("CELERY_BROKER_URL", f"filesystem:{SECRET}"),
        ("LOG_LEVEL", SECRET),
        ("GRADING_NOTIFY", SECRET),
        ("PORT", "65536"),
        ("PORT", "80.5"),
    ],
)
def test_a_bad_value_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    message = _refused()
    assert message.startswith(f"{name}: ")
    assert len(message.splitlines()) == 1
    assert SECRET not in message


@pytest.mark.parametrize("value", ["", None])
def test_a_missing_database_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("DATABASE_URL")
    if value is not None:
        monkeypatch.setenv("DATABASE_URL", value)
    assert _refused().startswith("DATABASE_URL: is not set")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRADING_AUDIO_URL", SECRET),
        ("GRADING_AUDIO_URL", f"/{SECRET}"),
        ("GRADING_AUDIO_URL", f"file://{SECRET}"),
        ("GRADING_AUDIO_URL", f"file://{SECRET}/folder"),
        ("GRADING_AUDIO_URL", f"file:///folder?{SECRET}"),
        ("GRADING_AUDIO_URL", f"file:///folder#{SECRET}"),
        ("GRADING_AUDIO_URL", f"http://{SECRET}/bucket"),
        ("GRADING_AUDIO_URL", "s3://"),
        ("GRADING_AUDIO_URL", f"s3:///{SECRET}"),
        ("GRADING_AUDIO_URL", "s3://Bucket_of_Ours/prefix"),
        ("GRADING_AUDIO_URL", f"s3://key:{SECRET}@bucket/prefix"),
        ("GRADING_AUDIO_URL", f"s3://bucket?secret={SECRET}"),
        ("GRADING_AUDIO_URL", f"s3://[{SECRET}"),
        ("GRADING_AUDIO_URL", f"gs://{SECRET}"),
        ("GRADING_AUDIO_HOSTS", f"https://{SECRET}"),
        ("GRADING_AUDIO_HOSTS", "media.example.org=0.0.0.0/0"),
        ("GRADING_MAX_AUDIO_BYTES", "0"),
        ("GRADING_MAX_AUDIO_BYTES", "25MB"),
        ("GRADING_MAX_AUDIO_SECONDS", "0"),
        ("GRADING_AUDIO_FETCH_SECONDS", "0"),
        ("GRADING_RETENTION_UPLOADS_SECONDS", "0"),
    ],
)
def test_a_bad_value_for_recordings_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    message = _refused()
    assert message.startswith(f"{name}: ")
    assert len(message.splitlines()) == 1
    assert SECRET not in message


@pytest.mark.parametrize(
    "value", ["file:///srv/recordings", "file:///srv/with%20space", "s3://bucket", "s3://b-1.x/p/q"]
)
def test_where_recordings_are_kept(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("GRADING_AUDIO_URL", value)
    assert load_settings().audio_url == value


@pytest.mark.parametrize("value", ["", None])
def test_recordings_are_kept_here_where_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None
) -> None:
    here = tmp_path / "my work"
    here.mkdir()
    monkeypatch.chdir(here)
    if value is not None:
        monkeypatch.setenv("GRADING_AUDIO_URL", value)
    assert folder_of(load_settings().audio_url) == here / "recordings"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", SECRET),
        ("REDIS_URL", f"http://:{SECRET}@redis:6379"),
        ("REDIS_URL", f"redis://:{SECRET}@redis:port"),
        ("REDIS_URL", "redis:///0"),
        ("GRADING_CALLS_BURST", "0"),
        ("GRADING_STREAMS_PER_CALLER", "0"),
        ("GRADING_STREAMS_PER_SERVER", "0"),
        ("GRADING_CALL_SECONDS", "0"),
        ("GRADING_CONNECTION_GRACE_SECONDS", "-1"),
    ],
)
def test_a_bad_limit_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    message = _refused()
    assert message.startswith(f"{name}: ")
    assert len(message.splitlines()) == 1
    assert SECRET not in message


def test_settings_that_are_written_down_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://:{SECRET}@redis:6379/0")
    for name in ("CELERY_BROKER_URL", "OPENAI_API_KEY", "STT_API_KEY"):
        monkeypatch.setenv(name, SECRET if name.endswith("KEY") else SOUND["RABBITMQ_URL"])
    settings = load_settings()
    for written in (repr(settings), str(settings), str(settings.model_dump())):
        assert SECRET not in written
    assert SECRET not in settings.model_dump_json()


def test_a_missing_broker_is_named_by_both_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RABBITMQ_URL")
    message = _refused()
    assert "RABBITMQ_URL" in message
    assert "CELERY_BROKER_URL" in message
    assert SECRET not in message


def test_celerys_own_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "filesystem:///folder")
    assert load_settings().broker_url == "filesystem:///folder"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_both_names_of_postgresql_are_taken(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://db/vstep")
    load_settings()


def test_secrets_are_not_in_what_is_printed() -> None:
    settings = load_settings()
    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{settings!r:s}"):
        assert SECRET not in shown


def test_a_refusal_hides_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"mysql://vstep:{SECRET}@db/vstep")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


@pytest.fixture
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is asked."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)


def test_without_a_key_no_model_is_asked() -> None:
    assert load_settings().models == ()


def test_with_a_key_the_models_are_asked_in_their_order(
    monkeypatch: pytest.MonkeyPatch, with_key: None
) -> None:
    monkeypatch.setenv("OPENAI_MODEL", "a")
    assert load_settings().models == ("a",)
    monkeypatch.setenv("OPENAI_SECOND_MODEL", "b")
    assert load_settings().models == ("a", "b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_BASE_URL", "ftp://models"),
        ("OPENAI_BASE_URL", f"https://user:{SECRET}@models/v1"),
        ("OPENAI_API_KEY", f"{SECRET} twice"),
        ("OPENAI_SECOND_MODEL", "gpt-4.1-mini"),
        ("OPENAI_TEMPERATURE", "3"),
        ("OPENAI_TEMPERATURE", "warm"),
        ("OPENAI_SEED", "chance"),
        ("OPENAI_MAX_TOKENS_FIELD", "tokens"),
        ("OPENAI_RESPONSE_FORMAT", "yaml"),
        ("OPENAI_TOKENS_PER_MINUTE", "0"),
        ("OPENAI_PRICES", "{"),
        ("OPENAI_PRICES", '["a"]'),
        ("OPENAI_PRICES", '{"a": {"prompt": 1}}'),
        ("OPENAI_PRICES", '{"a": {"prompt": 1, "completion": -1}}'),
        ("OPENAI_PRICES", '{"a": {"prompt": 1, "completion": 1, "other": 1}}'),
        ("GRADING_FALLBACK", "maybe"),
        ("GRADING_SCORERS", "features"),
        ("GRADING_BUDGET", "-1"),
        ("GRADING_BUDGET_ACTION", "stop"),
        ("WORKER_CONCURRENCY", "0"),
    ],
)
def test_a_bad_value_of_the_providers_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, with_key: None, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    message = _refused()
    assert message.startswith(f"{name}: ")
    assert len(message.splitlines()) == 1
    assert SECRET not in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STT_BASE_URL", "transcriptions"),
        ("STT_BASE_URL", f"https://user:{SECRET}@speech/v1"),
        ("STT_API_KEY", f"{SECRET} twice"),
        ("STT_API_KEY", f"{SECRET}\n"),
        ("STT_CONNECT_TIMEOUT_SECONDS", "0"),
        ("STT_READ_TIMEOUT_SECONDS", "1801"),
        ("STT_CALL_TIMEOUT_SECONDS", "0"),
        ("STT_MAX_IN_FLIGHT", "0"),
        ("STT_PRICE_PER_MINUTE", "-0.1"),
        ("STT_PRICE_PER_MINUTE", "cheap"),
        ("STT_PRICE_PER_MINUTE", "nan"),
    ],
)
def test_a_bad_value_of_the_transcriber_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("STT_API_KEY", SECRET)
    monkeypatch.setenv(name, value)
    message = _refused()
    assert message.startswith(f"{name}: ")
    assert len(message.splitlines()) == 1
    assert SECRET not in message


def test_a_budget_needs_the_price_of_a_minute_where_a_provider_transcribes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRADING_BUDGET", "50")
    load_settings()  # nobody is paid
    monkeypatch.setenv("STT_API_KEY", SECRET)
    assert _refused().startswith("STT_PRICE_PER_MINUTE: must be set")
    monkeypatch.setenv("STT_PRICE_PER_MINUTE", "0.006")
    settings = load_settings()
    assert settings.stt_price_per_minute == Decimal("0.006")
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())


@pytest.mark.parametrize(("key", "skill"), [("OPENAI", "writing"), ("STT", "speaking")])
def test_each_key_has_a_skill_wait_for_its_provider(
    monkeypatch: pytest.MonkeyPatch, key: str, skill: str
) -> None:
    monkeypatch.setenv(f"{key}_API_KEY", SECRET)
    settings = load_settings()
    assert {each for each in Skill if settings.asks_provider(each)} == {Skill(skill)}


@pytest.mark.parametrize("name", ["STT_API_KEY", "STT_MODEL", "GRADING_AUDIO_HOSTS"])
def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    usual = getattr(load_settings(), name.lower())
    monkeypatch.setenv(name, "")
    assert getattr(load_settings(), name.lower()) == usual


def test_a_budget_needs_prices(monkeypatch: pytest.MonkeyPatch, with_key: None) -> None:
    monkeypatch.setenv("GRADING_BUDGET", "50")
    assert _refused().startswith("OPENAI_PRICES: must hold the prices of gpt-4.1-mini")
    monkeypatch.setenv("OPENAI_PRICES", '{"gpt-4.1-mini": {"prompt": 0.4, "completion": 1.6}}')
    price = load_settings().price_table["gpt-4.1-mini"]
    # Without a price of their own, cached tokens cost what others do.
    assert (price.prompt, price.cached, price.completion) == (
        Decimal("0.4"),
        Decimal("0.4"),
        Decimal("1.6"),
    )


def test_what_a_model_refuses_may_be_left_out(
    monkeypatch: pytest.MonkeyPatch, with_key: None
) -> None:
    monkeypatch.setenv("OPENAI_TEMPERATURE", "omit")
    monkeypatch.setenv("OPENAI_SEED", "omit")
    settings = load_settings()
    assert (settings.openai_temperature, settings.openai_seed) == (None, None)


def test_the_key_is_never_shown(with_key: None) -> None:
    settings = load_settings()
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"CERTIFICATE": "c.pem"}, "KEY"),
        ({"KEY": "k.pem"}, "CERTIFICATE"),
        ({"CLIENT_CA": "ca.pem"}, "CERTIFICATE"),
        ({"CLIENT_CA": "ca.pem", "CERTIFICATE": "c.pem"}, "KEY"),
    ],
)
def test_a_certificate_and_its_key_go_together(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], missing: str
) -> None:
    for name, file in given.items():
        monkeypatch.setenv(f"GRADING_TLS_{name}", file)
    assert _refused().startswith(f"GRADING_TLS_{missing}: must be set to a PEM file")
    monkeypatch.setenv("GRADING_TLS_CERTIFICATE", "c.pem")
    monkeypatch.setenv("GRADING_TLS_KEY", "k.pem")
    settings = load_settings()
    assert (settings.grading_tls_certificate, settings.grading_tls_key) == (
        Path("c.pem"),
        Path("k.pem"),
    )


@pytest.mark.parametrize("value", ["staging", "prod"])
def test_an_environment_that_nobody_knows_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ENVIRONMENT", value)
    assert _refused().startswith("ENVIRONMENT: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://vstep:changeme@db/vstep"),
        ("DATABASE_URL", "postgresql://vstep:changeme-in-production@db/vstep"),
        ("DATABASE_URL", "postgresql://vstep:%63hangeme@db/vstep"),
        ("DATABASE_URL", "postgresql://db/vstep?user=vstep&password=vstep123"),
        ("RABBITMQ_URL", "amqp://vstep:Changeme@mq/vstep"),
        ("CELERY_BROKER_URL", "amqp://guest:guest@mq/"),
        ("OPENAI_API_KEY", "sk-your-openai-key"),
        ("STT_API_KEY", "your-stt-service-key"),
    ],
)
def test_a_production_refuses_the_secrets_of_examples(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert not load_settings().is_production
    monkeypatch.setenv("ENVIRONMENT", "production")
    message = _refused()
    assert message.startswith(f"{name}: must ")
    assert "ENVIRONMENT is production" in message
    assert value not in message


@pytest.mark.parametrize("url", [SOUND["DATABASE_URL"], "postgresql://db/vstep"])
def test_a_production_takes_secrets_of_its_own_or_none(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-proj-1")
    assert load_settings().is_production
