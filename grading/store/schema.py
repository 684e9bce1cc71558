"""The schema's version: bringing it up to date, and checking that it is.

Run as ``python -m grading.store.schema`` to migrate the database of ``DATABASE_URL``; with
``--wait SECONDS``, to wait until somebody else has.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from grading.exceptions import SettingsError
from grading.settings import load_settings
from grading.store.engine import make_engine
from grading.store.origin import adopt

#: Any number that nothing else in the database locks on.
_MIGRATION_LOCK = 7_240_315_886

#: How often who waits for a schema looks at it, in seconds.
_LOOK_SECONDS = 1.0
#: How long a step may wait for a table, in seconds. Whoever asks for the table after it waits
#: behind it, so a step that waits for a long query would stop the service for as long.
LOCK_SECONDS = 2.0
#: How often all steps are tried, and how long the service is left alone between, in seconds.
TRIES, PAUSE_SECONDS = 30, 2.0


class TableInUse(Exception):
    """A table that a migration changes was never free for it; nothing was changed."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def expected_version() -> int:
    """The version that this code was written for. Versions are numbers that grow."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return int(head)


def current_version(conn: Connection) -> int:
    """The version of the database; 0 where there is no schema yet."""
    if conn.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return 0
    return int(conn.scalar(text("SELECT version_num FROM alembic_version")) or 0)


def migrate(engine: Engine) -> bool:
    """Bring the schema up to date; tells whether the database was restored or moved since.

    Safe to run many times at once, the others wait; and while servers and workers run.

    Raises:
        TableInUse: others kept a table for too long.
    """
    for left in reversed(range(TRIES)):
        try:
            return _migrate(engine)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
        if left:
            time.sleep(PAUSE_SECONDS)
    raise TableInUse


def _migrate(engine: Engine) -> bool:
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS} s'")
        config = _config()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
        return adopt(conn)


def wait(engine: Engine, seconds: float) -> bool:
    """Wait until the schema is the one that this code needs, or a later one, and no longer.

    Gives whether it is. A database out of reach is waited for, too.
    """
    expected = expected_version()
    until = time.monotonic() + seconds
    while True:
        try:
            with engine.connect() as conn:
                if current_version(conn) >= expected:
                    return True
        except OperationalError:
            pass
        left = until - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(_LOOK_SECONDS, left))


def main(arguments: Sequence[str] | None = None) -> int:
    """Migrate, or wait; the exit code is 2 for a wrong setting.

    It is 1 for a database out of reach, and for a schema that wasn't brought up to date in time.
    """
    parser = argparse.ArgumentParser(
        prog="python -m grading.store.schema",
        description="Brings the schema of the database of DATABASE_URL up to date.",
    )
    parser.add_argument(
        "--wait",
        type=float,
        metavar="SECONDS",
        help="change nothing, but wait until the schema is up to date, for so long at most",
    )
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    engine = make_engine(settings, "vstep-grading-migrate", pool_size=1)
    try:
        moved = False
        if given.wait is None:
            moved = migrate(engine)
        elif not wait(engine, given.wait):
            print(f"schema version {expected_version()} is not there yet", file=sys.stderr)
            return 1
        with engine.connect() as conn:
            print(f"schema version {current_version(conn)}")
        if moved:
            print("the database was restored or moved: feeds go on, but not from a time undone")
    except TableInUse:
        print("a table that changes was in use all the time; nothing was changed", file=sys.stderr)
        return 1
    except OperationalError:
        # The driver's text may hold the user's name and the host.
        print("DATABASE_URL: the database can't be reached with it", file=sys.stderr)
        return 1
    finally:
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
