"""A base back-up with archived WAL, restored as it was at a moment: what came later is undone."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.postgres import PrivatePostgres
from grading.exceptions import CursorTooOld, JobNotFound
from grading.store.acceptance import accept
from grading.store.feed import Cursor, feed_start, read_feed
from grading.store.jobs import get_job
from grading.store.schema import migrate
from tests.stack.postgres import Database
from tests.stack.postgres_programs import run_commands
from tests.stack.process import CHECKOUT
from tests.stack.submissions import new_job
from tests.stack.waiting import until

#: As ``docs/operations.md`` has it.
BASE_BACK_UP = (
    'pg_basebackup --pgdata=base --wal-method=none --no-manifest --dbname="$DATABASE_URL"'
)
START = Cursor.after(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's folder: PostgreSQL runs as another user when the tests run as root.
    made = Path(tempfile.mkdtemp(prefix="vstep-tests-postgres-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def old(folder: Path) -> Iterator[PrivatePostgres]:
    """A PostgreSQL that archives its WAL in ``archive``."""
    postgres = PrivatePostgres(folder / "old", durable=False)
    postgres.start()
    database = Database(postgres.url)
    (folder / "archive").mkdir()
    _give_away(folder / "archive", folder / "old" / "data")
    database.rows("ALTER SYSTEM SET archive_mode = on")
    database.rows(f"ALTER SYSTEM SET archive_command = 'cp %%p {folder}/archive/%%f'")
    postgres.stop()
    postgres.start()
    yield postgres
    postgres.stop()


def _give_away(path: Path, like: Path) -> None:
    """Let a folder belong to whom another one does."""
    owner = like.stat()
    for place in (path, *path.rglob("*")):
        os.chown(place, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _restore(folder: Path, recovery: str) -> PrivatePostgres:
    """Start what the base back-up and the archive come to."""
    (folder / "new").mkdir()
    (folder / "base").rename(folder / "new" / "data")
    shutil.copy(folder / "old" / "password", folder / "new" / "password")
    data = folder / "new" / "data"
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(recovery)
    (data / "recovery.signal").touch()
    _give_away(folder / "new", folder / "old" / "data")
    restored = PrivatePostgres(folder / "new", durable=False)
    restored.start()
    return restored


def test_the_documents_have_this_command() -> None:
    assert f"$ {BASE_BACK_UP}" in (CHECKOUT / "docs" / "operations.md").read_text()


def test_cursors_of_the_time_that_was_undone_are_refused(
    folder: Path, old: PrivatePostgres
) -> None:
    database = Database(old.url)
    engine = database.make_engine(pool_size=1)
    assert migrate(engine) is False
    early, kept, undone, later = (new_job() for _ in range(4))
    with engine.connect() as conn:
        accept(conn, [early])
        run_commands(f"cd {folder}\n{BASE_BACK_UP}", DATABASE_URL=old.url)
        accept(conn, [kept])
        known = read_feed(conn, START, 100).reached
        database.rows("SELECT pg_create_restore_point('before_the_mistake')")
        accept(conn, [undone])
        unknown = read_feed(conn, START, 100).reached
    [wal] = database.rows("SELECT pg_walfile_name(pg_switch_wal()) AS name")
    until((folder / "archive" / wal["name"]).exists)
    engine.dispose()
    old.stop()

    restored = _restore(
        folder,
        f"archive_mode = off\nrestore_command = 'cp {folder}/archive/%f %p'\n"
        "recovery_target_name = 'before_the_mistake'\nrecovery_target_action = promote\n",
    )
    try:
        database = Database(restored.url)
        until(lambda: not database.rows("SELECT pg_is_in_recovery() AS still")[0]["still"])
        engine = database.make_engine(pool_size=1)
        assert migrate(engine) is True
        with engine.connect() as conn:
            assert get_job(conn, kept.id).id == kept.id
            with pytest.raises(JobNotFound):
                get_job(conn, undone.id)
            accept(conn, [later])
            assert [e.event.job_id for e in read_feed(conn, known, 100).events] == [later.id]
            assert feed_start(conn, known.write(), at_end=False) == known
            with pytest.raises(CursorTooOld) as refused:
                feed_start(conn, unknown.write(), at_end=False)
            oldest = feed_start(conn, refused.value.oldest_cursor, at_end=False)
            assert [e.event.job_id for e in read_feed(conn, oldest, 100).events] == [later.id]
        engine.dispose()
    finally:
        restored.stop()
