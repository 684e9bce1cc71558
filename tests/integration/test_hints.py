"""NOTIFY's hints, which the database may switch off: commits then don't wait for each other."""

from collections.abc import Iterator

import psycopg
import pytest

from grading.store.acceptance import accept
from grading.store.events import CHANNEL
from grading.store.jobs import cancel_job
from tests.stack.postgres import Database, Databases
from tests.stack.submissions import new_job


@pytest.fixture
def own(databases: Databases) -> Iterator[Database]:
    """A database of its own, whose settings may be changed."""
    with databases.copy() as database:
        yield database


@pytest.mark.parametrize("switch", ["on", "off"])
def test_hints_come_unless_they_are_switched_off(own: Database, switch: str) -> None:
    name = own.url.rsplit("/", 1)[1]
    own.rows(f"ALTER DATABASE {name} SET grading.notify = {switch}")
    engine = own.make_engine(pool_size=1)
    job = new_job()
    with psycopg.connect(own.url, autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}".encode())
        with engine.connect() as conn:
            accept(conn, [job])
            cancel_job(conn, job.id)
        # What was committed before is delivered with the end of the next statement.
        listening.execute("SELECT 1")
        heard = [hint.payload for hint in listening.notifies(timeout=0)]
    engine.dispose()
    assert heard == ([str(job.id)] if switch == "on" else [])
