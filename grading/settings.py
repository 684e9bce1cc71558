"""The service's settings, read from environment variables and checked at start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator

from grading.audio_settings import AudioSettings
from grading.auth_settings import AuthMode, AuthSettings, is_loopback
from grading.database_settings import DatabaseSettings, service_url
from grading.deployment_settings import DeploymentSettings, holds_known_password, is_known
from grading.domain.review import ReviewMode
from grading.domain.work import Skill
from grading.environment import EnvironmentSettings
from grading.exceptions import SettingsError
from grading.limit_settings import LimitSettings
from grading.metrics_settings import MetricsSettings
from grading.provider_settings import ProviderSettings
from grading.review_settings import ReviewSettings
from grading.tls_settings import TlsSettings
from grading.tracing_settings import TracingSettings
from grading.transcription_settings import TranscriptionSettings

BROKER_SCHEMES = ("amqp", "amqps", "filesystem")


def _broker_url(secret: SecretStr | None) -> SecretStr | None:
    if secret is None or not secret.get_secret_value():
        return None
    return service_url(secret, BROKER_SCHEMES)


BrokerUrl = Annotated[SecretStr | None, AfterValidator(_broker_url)]


class Settings(
    ProviderSettings,
    TranscriptionSettings,
    AudioSettings,
    MetricsSettings,
    TracingSettings,
    AuthSettings,
    LimitSettings,
    ReviewSettings,
    TlsSettings,
    DeploymentSettings,
    DatabaseSettings,
):
    """Every setting of the server and the workers, under the variable that sets it.

    URLs are secrets, since they carry passwords: they show as ``**********``.
    """

    #: The broker that wakes the workers: ``amqp://user:password@host:port/vhost``.
    rabbitmq_url: BrokerUrl = None
    #: Overrides ``RABBITMQ_URL``; the embedded stack sets ``filesystem:///folder``.
    celery_broker_url: BrokerUrl = None

    #: The address that the server listens on.
    grading_host: str = Field("127.0.0.1", min_length=1)
    #: The port that the server listens on; 0 lets the system choose.
    port: int = Field(8000, ge=0, le=65535)
    #: The least severe log line that is written.
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    #: Seconds from acceptance within which a writing job must be graded.
    grading_sla_writing_seconds: int = Field(1200, ge=1, le=604_800)
    #: Seconds from acceptance within which a speaking job must be graded.
    grading_sla_speaking_seconds: int = Field(3600, ge=1, le=604_800)
    #: How many times a job is taken again after a fault.
    grading_max_retries: int = Field(3, ge=0, le=20)
    #: The longest wait before a retry, in seconds.
    grading_retry_backoff_cap_seconds: float = Field(300, ge=0.1, le=86_400)
    #: How long a worker holds a job without a sign of life, in seconds.
    grading_lease_seconds: float = Field(30, ge=1, le=3600)
    #: How long the server waits before it sends a message again that nobody took, in seconds.
    grading_resend_seconds: float = Field(60, ge=1, le=86_400)

    #: How many jobs a worker process grades at a time: by default 64 where a provider is asked,
    #: since grading then waits on the network, and otherwise one for each core.
    worker_concurrency: int | None = Field(None, ge=1, le=1000)
    #: How many processes measure answers for a worker that asks a provider; by default one for
    #: each core. 0 measures in the worker's own process, one answer at a time.
    grading_measuring_processes: int | None = Field(None, ge=0, le=64)
    #: The file that a worker gives its signs of life in, for ``python -m workers.probe``; in the
    #: system's temporary folder by default.
    worker_pulse_file: Path | None = None

    #: A calibration on examiners' marks that the workers grade with; none by default.
    grading_calibration: Path | None = None
    #: The same for speaking.
    grading_speaking_calibration: Path | None = None

    #: Whether a result that needs a review waits for it.
    grading_review_mode: ReviewMode = ReviewMode.ADVISORY
    #: Share of the confident results that are reviewed all the same.
    grading_spot_check_rate: float = Field(0.05, ge=0, le=1)

    #: How many jobs of a skill may wait for a worker before work is refused.
    grading_max_backlog: int = Field(100_000, ge=1, le=100_000_000)
    #: How many jobs of a skill may wait before those behind them are flagged as delayed.
    grading_delayed_backlog: int = Field(10_000, ge=1, le=100_000_000)
    #: How long the events of a job that ended are kept, in seconds.
    grading_retention_events_seconds: int = Field(30 * 86_400, ge=1, le=100 * 365 * 86_400)
    #: How long the answer of a job that ended is kept, in seconds.
    grading_retention_answers_seconds: int = Field(365 * 86_400, ge=1, le=100 * 365 * 86_400)

    #: How often the server looks for what a hint missed, in seconds.
    grading_poll_seconds: float = Field(1, ge=0.05, le=60)
    #: Whether the server listens to PostgreSQL's NOTIFY. Without it, it only polls.
    grading_notify: bool = True
    #: How long a stream may be quiet before it carries a heartbeat, in seconds.
    grading_heartbeat_seconds: float = Field(15, ge=0.1, le=300)
    #: How old a stream may grow before its client must open it again, in seconds.
    grading_stream_max_age_seconds: float = Field(3600, ge=1, le=86_400)
    #: How long a stopping server lets calls in flight finish, in seconds.
    grading_drain_seconds: float = Field(8, ge=0, le=600)

    @property
    def sla_seconds(self) -> dict[Skill, int]:
        """Seconds from acceptance within which a skill's jobs must be graded."""
        return {
            Skill.WRITING: self.grading_sla_writing_seconds,
            Skill.SPEAKING: self.grading_sla_speaking_seconds,
        }

    def asks_provider(self, skill: Skill) -> bool:
        """Whether a job of ``skill`` waits for a provider's answer most of its time."""
        if skill is Skill.WRITING:
            return self.openai_api_key is not None
        # Without it a recording is transcribed here, and what takes its time is the processor.
        return self.stt_api_key is not None

    @property
    def broker_url(self) -> str:
        """The URL of the broker, password included."""
        secret = self.celery_broker_url or self.rabbitmq_url
        assert secret is not None  # the validator below saw to it
        return secret.get_secret_value()

    @model_validator(mode="after")
    def _needs_a_broker(self) -> Self:
        if self.celery_broker_url is None and self.rabbitmq_url is None:
            raise ValueError("RABBITMQ_URL or CELERY_BROKER_URL must be set to the broker's URL")
        return self

    @model_validator(mode="after")
    def _anybody_is_let_in_at_a_desk_alone(self) -> Self:
        if self.grading_auth is AuthMode.OFF and self.is_production:
            raise ValueError("GRADING_AUTH: must be required, since ENVIRONMENT is production")
        if self.grading_auth is AuthMode.OFF and not is_loopback(self.grading_host):
            raise ValueError(
                "GRADING_AUTH: must be required, since GRADING_HOST is no loopback address"
            )
        return self

    @model_validator(mode="after")
    def _production_has_secrets_of_its_own(self) -> Self:
        if not self.is_production:
            return self
        for name, url in (
            ("DATABASE_URL", self.database_url),
            ("RABBITMQ_URL", self.rabbitmq_url),
            ("CELERY_BROKER_URL", self.celery_broker_url),
            ("REDIS_URL", self.redis_url),
        ):
            if url is not None and holds_known_password(url.get_secret_value()):
                raise ValueError(
                    f"{name}: must hold a password of its own, since ENVIRONMENT is production"
                )
        for name, key in (
            ("OPENAI_API_KEY", self.openai_api_key),
            ("STT_API_KEY", self.stt_api_key),
        ):
            if key is not None and is_known(key.get_secret_value()):
                raise ValueError(
                    f"{name}: must be a provider's key or empty, since ENVIRONMENT is production"
                )
        return self

    @model_validator(mode="after")
    def _budget_needs_a_price(self) -> Self:
        if (
            self.grading_budget is not None
            and self.stt_api_key is not None
            and self.stt_price_per_minute is None
        ):
            raise ValueError(
                "STT_PRICE_PER_MINUTE: must be set to what a minute of sound costs, since"
                " GRADING_BUDGET is set"
            )
        return self


def load_settings(**given: str) -> Settings:
    """Read the settings from the environment; ``given`` ones, by field, go before it.

    Raises:
        SettingsError: a variable is missing or wrong. One line for each names the
            variable and what it may be, and never holds its value.
    """
    return _load(Settings, given)


def load_provider_settings() -> ProviderSettings:
    """Read the settings of the providers alone, for what runs beside the service.

    Raises:
        SettingsError: as ``load_settings`` does.
    """
    return _load(ProviderSettings, {})


def load_database_settings() -> DatabaseSettings:
    """Read where the database is, for what needs nothing else.

    Raises:
        SettingsError: as ``load_settings`` does.
    """
    return _load(DatabaseSettings, {})


S = TypeVar("S", bound=EnvironmentSettings)


def _load(kind: type[S], given: Mapping[str, str]) -> S:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise SettingsError("\n".join(_lines(error))) from None


def _lines(error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        says = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "missing":
            says = "is not set, and must be"
        variable, *within = [str(part) for part in fault["loc"]] or [""]
        place = ".".join(within)
        lines.append(": ".join(part for part in (variable.upper(), place, says) if part))
    return lines
