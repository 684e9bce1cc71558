"""The private PostgreSQL of the embedded stack, after a crash."""

import threading
from contextlib import suppress

import psycopg

from tests.stack.postgres import Database, private_postgres
from tests.stack.waiting import until

#: Keeps a backend computing, which doesn't notice that its postmaster is gone.
BUSY = "SELECT count(*) FROM generate_series(1, 8000000) AS busy"


def test_it_starts_again_at_once_after_a_crash_and_has_everything() -> None:
    with private_postgres() as postgres:
        database = Database(postgres.url)
        database.rows("CREATE TABLE kept AS SELECT 1 AS number")
        busy = threading.Thread(target=_compute, args=(database,))
        busy.start()
        until(lambda: database.rows("SELECT pid FROM pg_stat_activity WHERE query = %s", BUSY))

        postgres.kill()
        postgres.start()

        assert postgres.running
        assert database.rows("SELECT number FROM kept") == [{"number": 1}]
        busy.join()


def _compute(database: Database) -> None:
    with suppress(psycopg.OperationalError):
        database.rows(BUSY)
