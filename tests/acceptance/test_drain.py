"""SIGTERM: unready at once, streams end so that they can go on elsewhere, calls are answered."""

import signal
import threading
import time
from contextlib import suppress
from typing import Any

from google.protobuf.duration_pb2 import Duration
from grpc import RpcError, StatusCode
from grpc_health.v1 import health_pb2

from tests.stack.door import NOT_SERVING, READINESS, SERVING, Door, refusal
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages

#: What the process may take from SIGTERM to its end, in seconds.
DRAIN_SECONDS = 10


class _HealthWatcher:
    """Reads a health ``Watch`` stream in a thread."""

    def __init__(self, door: Door, service: str) -> None:
        self.seen: list[int] = []
        self.ended = threading.Event()
        #: How it ended.
        self.code: StatusCode | None = None
        call: Any = door.health.Watch(health_pb2.HealthCheckRequest(service=service))

        def read() -> None:
            with suppress(RpcError):
                self.seen.extend(answer.status for answer in call)
            self.code = call.code()
            self.ended.set()

        threading.Thread(target=read, daemon=True).start()


def test_a_drain_leaves_nobody_hanging(stack: Stack) -> None:
    server = stack.start_server()
    door = server.door
    job = door.grading.SubmitJob(submission()).job  # no worker: it stays QUEUED
    watcher = door.watch(job.id)
    until(lambda: watcher.sequences == [1])
    health = _HealthWatcher(door, READINESS)
    until(lambda: health.seen == [SERVING])
    waits: Any = door.grading.WaitJob.future(
        messages.WaitJobRequest(job_id=job.id, timeout=Duration(seconds=60))
    )
    time.sleep(0.3)
    assert not waits.done()

    asked = time.monotonic()
    server.signal(signal.SIGTERM)

    assert server.wait(DRAIN_SECONDS) == 0
    # Nothing that was open used up the time that is left for calls under way.
    assert time.monotonic() - asked < DRAIN_SECONDS / 2
    ended = watcher.wait(5)
    assert ended.code is StatusCode.UNAVAILABLE
    assert (ended.reason, ended.domain) == ("ERROR_REASON_DRAINING", "grading.vstep")
    assert ended.retry_after is not None
    assert ended.retry_after > 0
    answer = waits.result(timeout=5)
    assert (answer.job.id, answer.ended) == (job.id, False)
    assert health.ended.wait(5)
    assert (health.seen, health.code) == ([SERVING, NOT_SERVING], StatusCode.OK)


def test_a_call_under_way_is_finished(stack: Stack) -> None:
    server = stack.start_server()
    requests = [submission() for _ in range(200)]
    calls: list[Any] = [server.door.grading.SubmitJob.future(request) for request in requests]
    server.signal(signal.SIGTERM)
    assert server.wait(DRAIN_SECONDS) == 0

    stored = {str(row["request_id"]) for row in stack.database.rows("SELECT request_id FROM jobs")}
    for request, call in zip(requests, calls, strict=True):
        error = call.exception(timeout=5)
        if error is None:
            assert request.request_id in stored
        else:
            # Still in gRPC's hands, not in the service's: safe to send again.
            assert error.code() in {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}


def test_a_watcher_goes_on_at_another_server_where_the_drain_cut_it_off(stack: Stack) -> None:
    first, second = stack.start_server(), stack.start_server()
    stack.start_worker()
    second.await_health("workers")
    job = first.door.grading.SubmitJob(submission("slow:2")).job
    before = first.door.watch(job.id)
    until(lambda: len(before.events) >= 4)
    first.signal(signal.SIGTERM)
    assert before.wait(10).reason == "ERROR_REASON_DRAINING"

    after = second.door.watch(job.id, before.cursor)

    assert after.wait().code is StatusCode.OK
    sequences = before.sequences + after.sequences
    assert sequences == list(range(1, len(sequences) + 1))
    assert first.wait(DRAIN_SECONDS) == 0


def test_a_stream_opened_while_draining_is_refused_in_the_same_way(stack: Stack) -> None:
    server = stack.start_server()
    job = server.door.grading.SubmitJob(submission()).job
    server.signal(signal.SIGTERM)
    refused = refusal(lambda: server.door.grading.WatchJob(messages.WatchJobRequest(job_id=job.id)))
    assert refused.code is StatusCode.UNAVAILABLE
    assert server.wait(DRAIN_SECONDS) == 0


def test_a_second_signal_does_no_harm(stack: Stack) -> None:
    server = stack.start_server()
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGINT)
    assert server.wait(DRAIN_SECONDS) == 0
