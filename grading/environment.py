"""How settings are read from environment variables."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class EnvironmentSettings(BaseSettings):
    """Settings, each under the variable of its name; an empty variable is one that is not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)
