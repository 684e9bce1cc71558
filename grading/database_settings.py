"""Where the database is; and what URLs of services must be like."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from grading.environment import EnvironmentSettings

POSTGRESQL_SCHEMES = ("postgresql", "postgres")


def service_url(secret: SecretStr, schemes: tuple[str, ...]) -> SecretStr:
    """Check the URL of a service.

    Raises:
        ValueError: it is none with one of the schemes; says nothing of the URL.
    """
    try:
        parts = urlsplit(secret.get_secret_value())
        _ = parts.port
    except ValueError:
        raise ValueError("must be a URL with a numeric port") from None
    if parts.scheme not in schemes:
        raise ValueError(
            f"must be a URL that begins with {' or '.join(f'{s}://' for s in schemes)}"
        )
    if parts.scheme == "filesystem":
        if parts.netloc or not Path(parts.path).is_absolute():
            raise ValueError("must be filesystem:// with an absolute path after it")
    elif not parts.hostname and not parts.query:
        raise ValueError("must be a URL that names a host")
    return secret


def _database_url(secret: SecretStr) -> SecretStr:
    return service_url(secret, POSTGRESQL_SCHEMES)


class DatabaseSettings(EnvironmentSettings):
    """The database alone, for what needs nothing else."""

    #: The database that holds every job: ``postgresql://user:password@host:port/name``.
    database_url: Annotated[SecretStr, AfterValidator(_database_url)]
