"""The settings of who is let in."""

from enum import StrEnum
from ipaddress import ip_address

from pydantic import Field

from grading.environment import EnvironmentSettings


class AuthMode(StrEnum):
    """Whether callers must show who they are."""

    REQUIRED = "required"
    #: Everybody is let in and may do everything; on a loopback address alone.
    OFF = "off"


class ReflectionMode(StrEnum):
    """Who may ask the server what its contract is."""

    ON = "on"
    AUTHENTICATED = "authenticated"
    OFF = "off"


class AuthSettings(EnvironmentSettings):
    """Who is let in, each setting under the variable that sets it."""

    #: Whether callers must show a token or a certificate.
    grading_auth: AuthMode = AuthMode.REQUIRED
    #: How long what was read of a credential is believed, in seconds: a revoked one is refused,
    #: and its open streams end, after so long at the latest.
    grading_auth_cache_seconds: float = Field(5, ge=0.05, le=300)
    #: How long callers who are known go on while the database can't be asked, in seconds.
    grading_auth_grace_seconds: float = Field(300, ge=0, le=86_400)
    #: Who may use the reflection service: ``on`` for everybody, ``off`` for nobody.
    grading_reflection: ReflectionMode = ReflectionMode.AUTHENTICATED


def is_loopback(host: str) -> bool:
    """Whether nothing but this machine can call what listens on ``host``."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
