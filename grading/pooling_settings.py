"""What a pooler between the service and PostgreSQL asks of it."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from grading.environment import EnvironmentSettings


def _listen_url(secret: SecretStr | None) -> SecretStr | None:
    if secret is not None:
        parts = urlsplit(secret.get_secret_value())
        if parts.scheme not in ("postgresql", "postgres") or not parts.netloc:
            raise ValueError("must be a URL that begins with postgresql:// and names a host")
    return secret


class PoolingSettings(EnvironmentSettings):
    """Needed where ``DATABASE_URL`` is that of a pooler such as pgbouncer."""

    #: The database itself, past the pooler: a LISTEN is bound to its connection. By default
    #: it is ``DATABASE_URL``.
    database_listen_url: Annotated[SecretStr | None, AfterValidator(_listen_url)] = None
    #: Whether statements are prepared. What one connection of a pooler has prepared is unknown
    #: to the next, unless the pooler keeps account of it.
    grading_prepared_statements: bool = True
