"""The settings of how much callers may ask for, and for how long."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from grading.database_settings import service_url
from grading.environment import EnvironmentSettings

REDIS_SCHEMES = ("redis", "rediss")


def _redis_url(secret: SecretStr | None) -> SecretStr | None:
    return None if secret is None else service_url(secret, REDIS_SCHEMES)


class LimitSettings(EnvironmentSettings):
    """How much callers may ask for, each setting under the variable that sets it.

    Where ``GRADING_AUTH`` is off everybody is one caller, at a desk: what is said of each
    caller then limits nobody.
    """

    #: Where servers count together what callers ask for: ``redis://:password@host:port/0``.
    #: Without it, each server counts for itself.
    redis_url: Annotated[SecretStr | None, AfterValidator(_redis_url)] = None

    #: Calls a second that a caller may make in the long run; 0 for any number.
    grading_calls_per_second: int = Field(1000, ge=0, le=1_000_000)
    #: Calls that a caller who was quiet may make at once.
    grading_calls_burst: int = Field(2000, ge=1, le=1_000_000)
    #: Jobs of a tenant that are accepted in a day (UTC); 0 for any number.
    grading_jobs_per_day: int = Field(0, ge=0, le=1_000_000_000)

    #: Streams, uploads and waits that a caller may have open on a server.
    grading_streams_per_caller: int = Field(10_000, ge=1, le=1_000_000)
    #: The same of all callers together.
    grading_streams_per_server: int = Field(20_000, ge=1, le=1_000_000)

    #: How long a call may take whose caller set no deadline, in seconds.
    grading_call_seconds: float = Field(30, ge=0.1, le=600)
    #: How long an upload may take whose caller set no deadline, in seconds.
    grading_upload_seconds: float = Field(900, ge=1, le=86_400)

    #: The shortest time between two pings of a client, in seconds. One that pings more often is
    #: cut off: ``too_many_pings``.
    grading_ping_seconds: float = Field(10, ge=0.1, le=7200)
    #: After how long without a sign of life a client is pinged, in seconds.
    grading_keepalive_seconds: float = Field(60, ge=1, le=7200)
    #: How old a connection may grow before its client must make another, in seconds; gRPC adds
    #: or takes off a tenth by chance. 0 for any age.
    grading_connection_age_seconds: float = Field(3600, ge=0, le=30 * 86_400)
    #: How long the streams of a connection that is too old may go on, in seconds; by default for
    #: a minute more than a stream may, so that each ends by itself.
    grading_connection_grace_seconds: float | None = Field(None, ge=0, le=30 * 86_400)
