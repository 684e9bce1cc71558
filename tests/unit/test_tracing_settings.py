"""Settings of traces: off by default, and each wrong value is named."""

import pytest

from grading.exceptions import SettingsError
from grading.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with what must be set and nothing else."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/vstep")
    monkeypatch.setenv("RABBITMQ_URL", "amqp://mq")


def test_nothing_is_traced_by_default() -> None:
    settings = load_settings()
    assert settings.otel_exporter_otlp_endpoint is None
    assert settings.otel_traces_sampler == "parentbased_always_on"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "must be a URL that begins with"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317", "must be a URL that begins with"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://", "names a host"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://me:hunter2@collector", "no key or password"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "'parentbased_traceidratio'"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5", "less than or equal to 1"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    [line] = str(refused.value).splitlines()
    assert line.startswith(f"{variable}: ")
    assert says in line
    assert "hunter2" not in line
