"""What PostgreSQL did for a call: the plans of its statements, as they ran."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Connection as Driver
from psycopg.errors import Diagnostic
from sqlalchemy import Connection, Engine

_SETTINGS = (
    "LOAD 'auto_explain'",
    "SET client_min_messages = log",
    "SET auto_explain.log_analyze = on",
    "SET auto_explain.log_buffers = on",
    "SET auto_explain.log_timing = off",
    "SET auto_explain.log_format = json",
    "SET auto_explain.log_min_duration = 0",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the statements of a call touched."""

    #: Shared buffers, of 8 KiB each.
    buffers: int
    #: Tables that were read from the beginning to the end.
    scanned: frozenset[str]


def watch(engine: Engine, call: Callable[[Connection], object], mode: str) -> Seen:
    """Make a call in a transaction that is rolled back, and tell what it touched.

    ``mode`` is PostgreSQL's ``plan_cache_mode``: drivers prepare statements that are
    run often, and PostgreSQL may then plan them without knowing the parameters.
    """
    plans: list[dict[str, Any]] = []

    def note(message: Diagnostic) -> None:
        said = message.message_primary or ""
        if "plan:\n" in said:
            plans.append(json.loads(said.split("plan:\n", 1)[1])["Plan"])

    with engine.execution_options(isolation_level="READ COMMITTED").connect() as conn:
        driver = conn.connection.driver_connection
        assert isinstance(driver, Driver)
        for setting in (f"SET plan_cache_mode = {mode}", *_SETTINGS):
            conn.exec_driver_sql(setting)
        driver.add_notice_handler(note)
        try:
            call(conn)
            # A statement is over, and its plan told, when the next one begins.
            conn.exec_driver_sql("SET auto_explain.log_min_duration = -1")
        finally:
            driver.remove_notice_handler(note)
            conn.rollback()
    assert plans
    return Seen(
        sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans),
        frozenset(
            node["Relation Name"]
            for plan in plans
            for node in _nodes(plan)
            if node["Node Type"] == "Seq Scan"
        ),
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)
