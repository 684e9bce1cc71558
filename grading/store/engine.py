"""Connections to PostgreSQL."""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from grading.database_settings import DatabaseSettings

#: A statement is a transaction of its own unless ``transaction`` says otherwise.
_AUTOCOMMIT = "AUTOCOMMIT"

# A peer that vanished without a word is noticed within about 15 s.
_CONNECT = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}


def sqlalchemy_url(settings: DatabaseSettings) -> URL:
    """Give the database's URL the driver's name, whichever scheme it was written with."""
    url = make_url(settings.database_url.get_secret_value())
    return url.set(drivername="postgresql+psycopg")


def _options(application: str, pool_size: int) -> dict[str, Any]:
    return {
        "isolation_level": _AUTOCOMMIT,
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 5,
        # The last connection used is used again: idle ones grow old and are closed.
        "pool_use_lifo": True,
        "pool_reset_on_return": None,
        "hide_parameters": True,
        "connect_args": {**_CONNECT, "application_name": application},
    }


def make_engine(settings: DatabaseSettings, application: str, pool_size: int = 5) -> Engine:
    """Make an engine for the workers. Connects when first used.

    Asks a pooled connection whether it lives before it is used again.
    """
    options = _options(application, pool_size)
    return create_engine(sqlalchemy_url(settings), pool_pre_ping=True, **options)


def make_async_engine(
    settings: DatabaseSettings, application: str, pool_size: int = 10
) -> AsyncEngine:
    """Make an engine for the server. Connects when first used.

    Doesn't ask a pooled connection whether it lives, since that costs a round
    trip a call; ``server.store`` calls once more instead when it was dead.
    """
    return create_async_engine(sqlalchemy_url(settings), **_options(application, pool_size))
