"""A private PostgreSQL, and fresh databases in it."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Engine

from embedded.postgres import PrivatePostgres
from grading.settings import Settings
from grading.store.engine import make_engine
from grading.store.schema import migrate

_COUNTS = """
    SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM answers) AS answers,
           (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM outbox) AS outbox,
           (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM results) AS results
"""

# A process that was killed may have left a statement running.
_CUT_OFF = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

_EMPTY = """
    WITH jobs AS (DELETE FROM jobs), outbox AS (DELETE FROM outbox),
         deletions AS (DELETE FROM deletions), credentials AS (DELETE FROM credentials),
         spending AS (DELETE FROM spending), buckets AS (DELETE FROM token_buckets),
         horizon AS (UPDATE feed_horizon SET purged_key = '0'),
         purges AS (UPDATE purges SET ended_at = '-infinity')
    DELETE FROM workers
"""


# An answer that names a recording must be gone before it.
_EMPTY_RECORDINGS = """
    WITH condemned AS (DELETE FROM condemned_recordings) DELETE FROM recordings
"""


@dataclass(frozen=True)
class Database:
    """A database with the schema of the service."""

    url: str

    def settings(self, **others: object) -> Settings:
        """Settings that lead to it."""
        return Settings.model_validate(
            {"database_url": self.url, "rabbitmq_url": "amqp://localhost", **others}
        )

    def make_engine(self, pool_size: int = 20) -> Engine:
        """Make an engine as the workers have it."""
        return make_engine(self.settings(), "tests", pool_size)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Run a query in a connection of its own."""
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as conn:
            found = conn.execute(query.encode(), values)
            return found.fetchall() if found.description else []

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return self.rows(_COUNTS)[0]


class Databases:
    """Makes databases by copying one that was migrated."""

    def __init__(self, postgres: PrivatePostgres) -> None:
        self._template = postgres.url
        self._server = f"{self._template.rsplit('/', 1)[0]}/postgres"
        self._copied = f"TEMPLATE {self._template.rsplit('/', 1)[1]}"
        self._names = (f"copy{number}" for number in count())
        self._returned: list[Database] = []
        engine = Database(self._template).make_engine(pool_size=1)
        migrate(engine)
        engine.dispose()

    @contextmanager
    def lend(self) -> Iterator[Database]:
        """Lend a database with the schema and no rows, which the next borrower gets emptied."""
        database = self._returned.pop() if self._returned else Database(self._create(self._copied))
        yield database
        database.rows(_CUT_OFF)
        database.rows(_EMPTY)
        database.rows(_EMPTY_RECORDINGS)
        self._returned.append(database)

    @contextmanager
    def copy(self) -> Iterator[Database]:
        """Lend a database with the schema and no rows, whose schema may be changed."""
        yield from self._once(self._copied)

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """Lend a database without a schema."""
        yield from self._once("")

    def _once(self, options: str) -> Iterator[Database]:
        database = Database(self._create(options))
        try:
            yield database
        finally:
            self._drop(database)

    def _create(self, options: str) -> str:
        name = next(self._names)
        with psycopg.connect(self._server, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} {options}".encode())
        return f"{self._template.rsplit('/', 1)[0]}/{name}"

    def _drop(self, database: Database) -> None:
        name = database.url.rsplit("/", 1)[1]
        with psycopg.connect(self._server, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """Lend a running PostgreSQL in a folder that is gone afterwards."""
    # Not pytest's folder: PostgreSQL runs as another user when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="vstep-tests-postgres-"))
    folder.chmod(0o755)
    # No power is cut here, and without fsync a database is copied in no time.
    postgres = PrivatePostgres(folder, durable=False)
    try:
        postgres.start()
        with psycopg.connect(postgres.url, autocommit=True) as conn:
            # A connection that was given up while it logged in keeps a database from
            # being dropped until then.
            conn.execute("ALTER SYSTEM SET authentication_timeout = '5s'")
            conn.execute("SELECT pg_reload_conf()")
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def frozen(postgres: PrivatePostgres) -> Iterator[None]:
    """Keep a PostgreSQL from answering, with its connections open."""
    assert postgres.pid is not None
    # Its backends have sessions of their own, so they are found by their parent.
    processes = [postgres.pid, *_children(postgres.pid)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(child) for child in listed.split()]
