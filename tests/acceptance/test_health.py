"""Health by name, and what it shows when something is down."""

import signal
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from grpc import RpcError, StatusCode
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from grading.store.schema import migrate
from tests.stack.deaf_watcher import DeafWatcher
from tests.stack.door import NOT_SERVING, READINESS, SERVING, Door, refusal
from tests.stack.postgres import Database, private_postgres
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from workers.pulse import seconds_since_sign


def test_every_name_serves_on_a_whole_stack(door: Door) -> None:
    for name in ("", READINESS, "postgres", "rabbitmq", "workers"):
        assert door.status(name) == SERVING, name


def test_an_unknown_name_is_not_found(door: Door) -> None:
    with pytest.raises(RpcError) as refused:
        door.health.Check(health_pb2.HealthCheckRequest(service="redis"))
    error: Any = refused.value
    assert error.code() is StatusCode.NOT_FOUND
    unknown = next(door.health.Watch(health_pb2.HealthCheckRequest(service="redis")))
    assert unknown.status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


def test_reflection_lists_the_services(door: Door) -> None:
    database = ProtoReflectionDescriptorDatabase(door.channel)
    assert {READINESS, "grpc.health.v1.Health"} <= set(database.get_services())


def test_workers_turns_with_the_workers(stack: Stack) -> None:
    server = stack.start_server()
    assert server.door.status("workers") == NOT_SERVING
    watched = _Watch(server.door, "workers")
    until(lambda: watched.seen == [NOT_SERVING])

    worker = stack.start_worker()
    server.await_health("workers")
    worker.signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    server.await_health("workers", NOT_SERVING)

    until(lambda: watched.seen == [NOT_SERVING, SERVING, NOT_SERVING])


def test_a_killed_worker_is_missed_after_a_while(stack: Stack) -> None:
    server = stack.start_server()
    worker = stack.start_worker()
    server.await_health("workers")
    ready = time.monotonic()
    until(lambda: _last_sign(stack) > ready)  # its loop comes round
    worker.kill()
    server.await_health("workers", NOT_SERVING, seconds=12)
    assert server.door.status(READINESS) == SERVING


def test_a_database_that_is_down_at_the_start_and_again_later(stack: Stack) -> None:
    with private_postgres() as postgres:
        url = postgres.url
        postgres.stop()
        server = stack.start_server(ready=False, DATABASE_URL=url)
        server.await_health("")
        watched = {name: _Watch(server.door, name) for name in ("", READINESS, "postgres")}
        assert server.door.status(READINESS) == NOT_SERVING
        _assert_store_unavailable(server.door)

        postgres.start()
        time.sleep(0.5)
        assert server.door.status(READINESS) == NOT_SERVING  # there is no schema yet
        engine = Database(url).make_engine(pool_size=1)
        _migrate(engine)
        server.await_health(READINESS)
        job = server.door.grading.SubmitJob(submission()).job
        watcher = server.door.watch(job.id)
        until(lambda: watcher.sequences == [1])

        postgres.kill()
        server.await_health(READINESS, NOT_SERVING)
        assert server.door.status("") == SERVING
        _assert_store_unavailable(server.door)

        postgres.start()
        server.await_health(READINESS)
        found = server.door.grading.GetJob(messages.GetJobRequest(job_id=job.id)).job
        assert found.id == job.id
        # The stream either lived through it or ended so that it can be opened again.
        cancelled = server.door.grading.CancelJob(messages.CancelJobRequest(job_id=job.id)).job
        if watcher.end is not None and watcher.end.code is not StatusCode.OK:
            assert watcher.end.code is StatusCode.UNAVAILABLE
            watcher = server.door.watch(job.id, watcher.cursor)
        assert watcher.wait(10).code is StatusCode.OK
        assert watcher.cursor == cancelled.last_sequence
        assert server.running
        twice = [NOT_SERVING, SERVING, NOT_SERVING, SERVING]
        until(lambda: [watched[name].seen for name in ("postgres", READINESS)] == [twice, twice])
        assert watched[""].seen == [SERVING]


def test_watchers_that_take_nothing_hold_up_nobody(stack: Stack) -> None:
    server = stack.start_server(GRADING_DRAIN_SECONDS="1")
    deaf = [DeafWatcher(server.port, "workers") for _ in range(50)]
    until(lambda: all(watcher.admitted for watcher in deaf))
    watched = _Watch(server.door, "workers")
    until(lambda: watched.seen == [NOT_SERVING])
    worker = stack.start_worker()
    server.await_health("workers")
    worker.signal(signal.SIGTERM)
    server.await_health("workers", NOT_SERVING)
    assert server.door.grading.SubmitJob(submission(), timeout=5).job.id
    until(lambda: watched.seen == [NOT_SERVING, SERVING, NOT_SERVING])
    server.signal(signal.SIGTERM)
    assert server.wait(10) == 0
    for watcher in deaf:
        watcher.close()


def _assert_store_unavailable(door: Door) -> None:
    before = time.monotonic()
    refused = refusal(lambda: door.grading.SubmitJob(submission(), timeout=20))
    assert refused.code is StatusCode.UNAVAILABLE
    assert (refused.reason, refused.domain) == (
        "ERROR_REASON_STORE_UNAVAILABLE",
        "grading.vstep",
    )
    assert refused.retry_after is not None
    assert refused.retry_after > 0
    assert "127.0.0.1" not in refused.message
    assert time.monotonic() - before < 10


def _migrate(engine: Any) -> None:
    migrate(engine)
    engine.dispose()


def test_work_is_accepted_while_the_broker_is_down_and_graded_later(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rabbit = PrivateRabbit(tmp_path_factory.mktemp("rabbitmq"))
    stack = Stack(database, rabbit.url("tests0"), tmp_path_factory.mktemp("stack"))
    try:
        server = stack.start_server()
        assert server.door.status("rabbitmq") == NOT_SERVING
        watched = _Watch(server.door, "rabbitmq")
        job = server.door.grading.SubmitJob(submission()).job
        watcher = server.door.watch(job.id)

        rabbit.start()
        server.await_health("rabbitmq")
        stack.start_worker()

        assert watcher.wait(20).code is StatusCode.OK

        rabbit.kill()
        server.await_health("rabbitmq", NOT_SERVING)
        assert server.door.status(READINESS) == SERVING
        # A worker that waits for the broker lives: nobody is to start it again.
        lost = time.monotonic()
        until(lambda: _last_sign(stack) > lost)
        rabbit.start()
        server.await_health("rabbitmq")
        until(lambda: watched.seen == [NOT_SERVING, SERVING, NOT_SERVING, SERVING])
    finally:
        stack.stop()
        rabbit.stop()


def _last_sign(stack: Stack) -> float:
    """When a worker gave its last sign of life, on the monotonic clock."""
    age = seconds_since_sign(stack.pulse)
    assert age is not None
    return time.monotonic() - age


class _Watch:
    """Reads a health ``Watch`` stream in a thread."""

    def __init__(self, door: Door, service: str) -> None:
        self.seen: list[int] = []
        call: Any = door.health.Watch(health_pb2.HealthCheckRequest(service=service))

        def read() -> None:
            with suppress(RpcError):  # the channel is closed at the end of the test
                self.seen.extend(answer.status for answer in call)

        threading.Thread(target=read, daemon=True).start()
