"""What health tells while a dependency hangs rather than refuses, or is merely busy."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.faults.wire import ThreadedWire, threaded_wire
from tests.stack.door import NOT_SERVING, READINESS, SERVING
from tests.stack.postgres import Database
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages

#: More than the server has connections to the database for calls.
CALLS = 15


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@pytest.fixture
def to_postgres(database: Database) -> Iterator[ThreadedWire]:
    with threaded_wire(_port(database.url)) as wire:
        yield wire


@pytest.fixture
def to_rabbitmq(broker_url: str) -> Iterator[ThreadedWire]:
    with threaded_wire(_port(broker_url)) as wire:
        yield wire


@pytest.fixture
def server(
    database: Database,
    broker_url: str,
    to_postgres: ThreadedWire,
    to_rabbitmq: ThreadedWire,
    tmp_path: Path,
) -> Iterator[Server]:
    """A server that reaches both over a wire."""
    stack = Stack(database, broker_url, tmp_path)
    stack.settings["DATABASE_URL"] = _over(to_postgres, database.url)
    stack.settings["RABBITMQ_URL"] = _over(to_rabbitmq, broker_url)
    started = stack.start_server()
    started.await_health("rabbitmq")
    yield started
    stack.stop()


def _over(wire: ThreadedWire, url: str) -> str:
    return url.replace(f":{_port(url)}/", f":{wire.port}/")


def test_a_dependency_that_hangs_is_told_apart_from_those_that_do_not(
    server: Server, to_postgres: ThreadedWire, to_rabbitmq: ThreadedWire
) -> None:
    to_postgres.hang()
    server.await_health("postgres", NOT_SERVING, seconds=15)
    server.await_health(READINESS, NOT_SERVING)
    assert server.door.status("") == SERVING
    assert server.door.status("rabbitmq") == SERVING
    to_postgres.flow()
    server.await_health("postgres", seconds=15)
    server.await_health(READINESS)

    to_rabbitmq.hang()
    server.await_health("rabbitmq", NOT_SERVING, seconds=15)
    assert server.door.status("") == SERVING
    assert server.door.status(READINESS) == SERVING
    server.door.grading.SubmitJob(submission(), timeout=10)
    # What hung is lost: new connections are made.
    to_rabbitmq.cut()
    to_rabbitmq.flow()
    server.await_health("rabbitmq", seconds=30)


def test_a_database_whose_connections_are_all_in_use_is_not_down(
    server: Server, database: Database
) -> None:
    job = server.door.grading.SubmitJob(submission()).job
    request = messages.GetJobRequest(job_id=job.id)
    with psycopg.connect(database.url) as blocking, ThreadPoolExecutor(CALLS) as callers:
        blocking.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        calls: list[Any] = [
            callers.submit(server.door.grading.GetJob, request, timeout=30) for _ in range(CALLS)
        ]
        until(lambda: _waiting(database) >= 10)
        assert server.door.status("") == SERVING
        assert server.door.status("postgres") == SERVING
        assert server.door.status(READINESS) == SERVING
        blocking.rollback()
        answered = [call for call in calls if call.exception(30) is None]
    assert answered
    assert server.door.status("postgres") == SERVING


def _waiting(database: Database) -> int:
    """How many connections wait for a lock."""
    return len(database.rows("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
