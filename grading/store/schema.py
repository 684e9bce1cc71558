"""The schema's version: bringing it up to date, and checking that it is.

Run as ``python -m grading.store.schema`` to migrate the database of ``DATABASE_URL``.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from grading.exceptions import SettingsError
from grading.settings import load_settings
from grading.store.engine import make_engine

#: Any number that nothing else in the database locks on.
_MIGRATION_LOCK = 7_240_315_886


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


def migrate(engine: Engine) -> None:
    """Bring the schema up to date. Safe to run many times at once: the others wait."""
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config = _config()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def main() -> int:
    """Migrate; the exit code is 2 for a wrong setting and 1 for a database out of reach."""
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    engine = make_engine(settings, "vstep-grading-migrate", pool_size=1)
    try:
        migrate(engine)
        with engine.connect() as conn:
            print(f"schema version {current_version(conn)}")
    except OperationalError:
        # The driver's text may hold the user's name and the host.
        print("DATABASE_URL: the database can't be reached with it", file=sys.stderr)
        return 1
    finally:
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
