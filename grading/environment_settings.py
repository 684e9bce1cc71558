"""How settings are read from environment variables."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class EnvironmentSettings(BaseSettings):
    """Settings that don't change, each under the variable that sets it; an empty one is not set.

    Every class of settings is one of these: where classes are mixed, the last one's way of
    reading holds for all.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)
