"""The service's database, for the commands of operators."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from client.cli.terminal import note

if TYPE_CHECKING:
    from sqlalchemy import Engine


@contextmanager
def open_database(command: str) -> Iterator["Engine"]:
    """The database of ``DATABASE_URL``; what it fails with is told in one line.

    Raises:
        typer.Exit: it can't be used.
    """
    try:
        # Imported here: callers, who need no database, need not have what it takes.
        from sqlalchemy.exc import SQLAlchemyError

        from grading.exceptions import SettingsError
        from grading.settings import load_database_settings
        from grading.store.engine import make_engine
        from grading.store.schema import current_version, expected_version
    except ModuleNotFoundError as error:
        note(f"vstep-grading: {command} needs the packages of the service; {error.name} is missing")
        raise typer.Exit(1) from None
    try:
        engine = make_engine(load_database_settings(), f"vstep-grading-{command}", pool_size=1)
    except SettingsError as error:
        note(f"vstep-grading: {error}")
        raise typer.Exit(2) from None
    try:
        with engine.connect() as conn:
            version = current_version(conn)
        if version < expected_version():
            note("vstep-grading: the schema is too old: run python -m grading.store.schema")
            raise typer.Exit(1)
        yield engine
    except SQLAlchemyError:
        # The driver's text may hold the user's name and the host.
        note("vstep-grading: DATABASE_URL: the database can't be used with it")
        raise typer.Exit(1) from None
    finally:
        engine.dispose()
