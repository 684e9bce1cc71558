"""The migrations: run again, run at once, and what the tables say of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, Text, inspect
from sqlalchemy.dialects.postgresql.base import PGDialect

from grading.store.schema import current_version, expected_version, main, migrate, wait
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


def test_a_schema_is_waited_for_until_somebody_brought_it_up_to_date(databases: Databases) -> None:
    with databases.empty() as database, ThreadPoolExecutor(1) as pool:
        engine = database.make_engine()
        assert not wait(engine, 0)
        waiting = pool.submit(wait, engine, 30)
        migrate(engine)
        assert waiting.result(timeout=10)
        assert wait(engine, 0)
        engine.dispose()


def test_who_waits_in_vain_says_for_what(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with databases.empty() as database:
        monkeypatch.setenv("DATABASE_URL", database.url)
        monkeypatch.setenv("RABBITMQ_URL", "amqp://localhost")
        assert main(["--wait", "0"]) == 1
        assert capsys.readouterr().err == f"schema version {expected_version()} is not there yet\n"
        # It changed nothing.
        assert database.rows("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []

        assert main([]) == 0
        assert main(["--wait", "0"]) == 0
        assert capsys.readouterr().out == f"schema version {expected_version()}\n" * 2


def test_a_database_out_of_reach_is_waited_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://vstep@127.0.0.1:1/vstep")
    monkeypatch.setenv("RABBITMQ_URL", "amqp://localhost")
    assert main(["--wait", "0"]) == 1


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
