"""The migrations: run again, run at once, and what the tables say of them."""

from concurrent.futures import ThreadPoolExecutor

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, Text, inspect
from sqlalchemy.dialects.postgresql.base import PGDialect

from grading.store.schema import current_version, expected_version, migrate
from grading.store.tables import metadata
from tests.stack.postgres import Database, Databases

# SQLAlchemy doesn't know the type of transaction ids.
PGDialect.ischema_names["xid8"] = Text


def _columns(engine: Engine) -> dict[str, list[str]]:
    found = inspect(engine)
    return {
        table: sorted(
            f"{c['name']} {c['type']} {'' if c['nullable'] else 'NOT NULL'}"
            for c in found.get_columns(table)
        )
        for table in found.get_table_names()
    }


def test_migrating_twice_changes_nothing(databases: Databases) -> None:
    with databases.empty() as database:
        engine = database.make_engine()
        with engine.connect() as conn:
            assert current_version(conn) == 0
        migrate(engine)
        first = _columns(engine)
        migrate(engine)
        assert _columns(engine) == first
        with engine.connect() as conn:
            assert current_version(conn) == expected_version()
        engine.dispose()


def test_servers_that_migrate_at_once_wait_for_each_other(databases: Databases) -> None:
    with databases.empty() as database:
        engines = [database.make_engine(pool_size=1) for _ in range(6)]
        with ThreadPoolExecutor(len(engines)) as pool:
            list(pool.map(migrate, engines))
        with engines[0].connect() as conn:
            assert current_version(conn) == expected_version()
        assert set(database.counts().values()) == {0}
        for engine in engines:
            engine.dispose()


def test_a_migration_that_fails_leaves_nothing(databases: Databases) -> None:
    with databases.empty() as database:
        database.rows("CREATE TABLE workers (name text)")
        engine = database.make_engine(pool_size=1)
        try:
            migrate(engine)
        except Exception as error:
            assert "workers" in str(error)
        else:
            raise AssertionError("it must not overwrite a table of another")
        assert list(_columns(engine)) == ["workers"]
        with engine.connect() as conn:
            assert current_version(conn) == 0
        engine.dispose()


def _include_name(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or name in metadata.tables


def _include_object(*described: object) -> bool:
    return described[2] in {"table", "column"}


def test_the_tables_of_the_queries_are_those_of_the_migrations(
    engine: Engine, database: Database
) -> None:
    with engine.connect() as conn:
        context = MigrationContext.configure(
            conn,
            opts={
                "compare_type": True,
                "include_name": _include_name,
                "include_object": _include_object,
            },
        )
        assert compare_metadata(context, metadata) == []
