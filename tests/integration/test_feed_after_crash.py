"""The feed's cursors, after PostgreSQL crashed."""

import psycopg
import pytest

from grading.store.acceptance import accept
from grading.store.feed import Cursor, feed_start, read_feed
from grading.store.schema import migrate
from tests.stack.postgres import Database, private_postgres
from tests.stack.submissions import new_job

START = Cursor.after(0)
#: Transactions to roll back: their ids are given out, and none of them reaches the disk.
ROLLED_BACK = 50


@pytest.mark.parametrize("at_end", [False, True])
def test_a_cursor_passes_over_nothing_that_is_written_after_a_crash(at_end: bool) -> None:
    with private_postgres() as postgres:
        database = Database(postgres.url)
        engine = database.make_engine(pool_size=1)
        migrate(engine)
        before, after = new_job(), new_job()
        with engine.connect() as conn:
            accept(conn, [before])
        with psycopg.connect(postgres.url) as relay:
            for _ in range(ROLLED_BACK):
                relay.execute("SELECT job_id FROM outbox FOR UPDATE")
                relay.rollback()
        with engine.connect() as conn:
            reached = read_feed(conn, START, 100).reached
            if at_end:
                reached = feed_start(conn, "", at_end=True)
        engine.dispose()

        postgres.kill()
        postgres.start()

        with engine.connect() as conn:
            accept(conn, [after])
            found = read_feed(conn, reached, 100).events
        engine.dispose()
        assert [event.event.job_id for event in found] == [after.id]
