"""Statements as they were sent, with their parameters, in JSON; and sending them again."""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine, TextClause, create_engine, event

import grading.store

#: What isn't sent while the service runs, but when it is set up.
AT_SET_UP = ("grading.store.schema", "grading.store.origin")
_DIALECT = create_engine("postgresql+psycopg://").dialect
#: A statement that holds this gives rows as other transactions of the machine let it.
UNCERTAIN = "pg_snapshot_xmin", "feed_bound"


@dataclass(frozen=True)
class Sent:
    """A statement, what it was sent with, and how many rows it touched or gave."""

    statement: str
    parameters: dict[str, Any]
    #: None where that is not certain.
    rows: int | None


def to_document(sent: Sequence[Sent]) -> dict[str, object]:
    """Write down what was sent, each statement once."""
    statements = list(dict.fromkeys(one.statement for one in sent))
    places = {statement: place for place, statement in enumerate(statements)}
    return {
        "statements": [statement.split("\n") for statement in statements],
        "sent": [
            [
                places[one.statement],
                {name: _tagged(value) for name, value in one.parameters.items()},
                one.rows,
            ]
            for one in sent
        ],
    }


def from_document(document: dict[str, Any]) -> list[Sent]:
    """Read what ``to_document`` wrote."""
    statements = ["\n".join(lines) for lines in document["statements"]]
    return [
        Sent(statements[place], {name: _read(value) for name, value in parameters.items()}, rows)
        for place, parameters, rows in document["sent"]
    ]


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Sent]]:
    """Note all that is sent over the connections of ``engine``."""
    sent: list[Sent] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        certain = not any(name in statement for name in UNCERTAIN)
        sent.append(Sent(statement, dict(parameters or {}), cursor.rowcount if certain else None))

    event.listen(engine, "after_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "after_cursor_execute", note)


def replay(url: str, sent: Sequence[Sent]) -> list[str]:
    """Send statements again, in their order; gives what came of those that came out otherwise."""
    found = []
    with psycopg.connect(url, autocommit=True) as conn:
        for one in sent:
            try:
                rows = conn.execute(one.statement.encode(), one.parameters).rowcount
            except psycopg.Error as error:
                found.append(f"{error}\n{one.statement}")
                continue
            if one.rows is not None and rows != one.rows:
                found.append(f"{rows} rows instead of {one.rows}:\n{one.statement}")
    return found


def not_recorded(sent: Sequence[Sent]) -> list[str]:
    """Queries of the store that are not among what was sent."""
    statements = {one.statement for one in sent}
    missing = []
    for module in pkgutil.iter_modules(grading.store.__path__, "grading.store."):
        if module.ispkg or module.name in AT_SET_UP:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, TextClause) and _compiled(value) not in statements:
                missing.append(f"{module.name}.{name}")
    return missing


def _compiled(clause: TextClause) -> str:
    return str(clause.compile(dialect=_DIALECT))


_TAGS: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "uuid": (UUID, str, UUID),
    "seconds": (timedelta, lambda v: str(v.total_seconds()), lambda v: timedelta(seconds=float(v))),
    "time": (datetime, datetime.isoformat, datetime.fromisoformat),
    "decimal": (Decimal, str, Decimal),
    "hex": (bytes, bytes.hex, bytes.fromhex),
}


def _tagged(value: Any) -> object:
    if isinstance(value, list | tuple):
        return [_tagged(one) for one in value]
    for tag, (kind, write, _) in _TAGS.items():
        if isinstance(value, kind):
            return {tag: write(value)}
    json.dumps(value)  # or it can't be kept
    return value


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    if isinstance(value, dict):
        [(tag, text)] = value.items()
        return _TAGS[tag][2](text)
    return value
