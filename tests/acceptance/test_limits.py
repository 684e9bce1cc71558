"""How much callers may ask for, at the public door."""

import time
from collections.abc import Callable
from uuid import uuid4

from grpc import StatusCode
from grpc_health.v1 import health_pb2

from client.client import GradingClient
from client.resumption import Interruption
from tests.fuzz.http2 import Connection
from tests.stack.callers import Metadata, issue, showing
from tests.stack.door import Door, Refused, Watcher, refusal
from tests.stack.postgres import Databases, frozen, private_postgres
from tests.stack.redis import PrivateRedis
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages

#: HTTP/2's word for a client that is too lively.
ENHANCE_YOUR_CALM = 11

READINESS = "vstep.grading.v1.GradingService"


def _asking(server: Server, metadata: Metadata = ()) -> Callable[[], object]:
    """A call that asks for a job that there isn't."""
    request = messages.GetJobRequest(job_id=str(uuid4()))
    return lambda: server.door.grading.GetJob(request, metadata=metadata, timeout=20)


def _assert_limited(refused: Refused, reason: str, **metadata: str) -> float:
    assert refused.code is StatusCode.RESOURCE_EXHAUSTED, refused
    assert (refused.reason, refused.domain) == (f"ERROR_REASON_{reason}", "grading.vstep")
    assert refused.metadata == metadata
    assert refused.retry_after is not None
    assert refused.retry_after > 0
    return refused.retry_after


def test_servers_share_the_quota_of_a_tenant(stack: Stack, redis: PrivateRedis) -> None:
    limits = {"GRADING_AUTH": "required", "REDIS_URL": redis.url, "GRADING_JOBS_PER_DAY": "5"}
    first, second = (stack.start_server(ready=False, **limits) for _ in range(2))
    for server in (first, second):
        server.await_health(READINESS)
    app, other = showing(issue(stack.database)), showing(issue(stack.database, tenant="another"))
    colleague = showing(issue(stack.database))

    def batch(server: Server, metadata: Metadata, size: int) -> Callable[[], object]:
        requests = [submission() for _ in range(size)]
        request = messages.BatchSubmitJobsRequest(requests=requests)
        return lambda: server.door.grading.BatchSubmitJobs(request, metadata=metadata, timeout=20)

    batch(first, app, 2)()
    batch(second, colleague, 2)()
    refused = refusal(batch(first, app, 2))
    assert _assert_limited(refused, "QUOTA_USED_UP", jobs_per_day="5") <= 86_400
    last = submission()
    assert not first.door.grading.SubmitJob(last, metadata=app, timeout=20).deduplicated
    _assert_limited(
        refusal(lambda: second.door.grading.SubmitJob(submission(), metadata=app, timeout=20)),
        "QUOTA_USED_UP",
        jobs_per_day="5",
    )
    # Who repeats a call of which no answer came is answered.
    for server in (first, second):
        assert server.door.grading.SubmitJob(last, metadata=app, timeout=20).deduplicated
    again = messages.BatchSubmitJobsRequest(requests=[last, last])
    answer = first.door.grading.BatchSubmitJobs(again, metadata=colleague, timeout=20)
    assert all(outcome.accepted.deduplicated for outcome in answer.outcomes)
    batch(second, other, 5)()
    assert stack.database.counts()["jobs"] == 10

    redis.freeze()
    # Counted by this server alone: rather too much than nothing at all.
    batch(first, app, 1)()
    redis.thaw()
    until(lambda: '"limits_shared"' in first.output())


def test_a_caller_that_calls_too_often_is_told_when_to_come_again(stack: Stack) -> None:
    server = stack.start_server(
        GRADING_AUTH="required", GRADING_CALLS_PER_SECOND="2", GRADING_CALLS_BURST="10"
    )
    token, other = issue(stack.database), issue(stack.database, tenant="another")
    refusals = [refusal(_asking(server, showing(token))) for _ in range(60)]
    limited = [one for one in refusals if one.code is StatusCode.RESOURCE_EXHAUSTED]
    assert limited
    assert {one.code for one in refusals} - {StatusCode.RESOURCE_EXHAUSTED} == {
        StatusCode.NOT_FOUND
    }
    for one in limited:
        assert _assert_limited(one, "RATE_EXCEEDED", calls_per_second="2") <= 0.5
    # Nobody else waits for it, and health is asked for by those who are nobody.
    assert refusal(_asking(server, showing(other))).code is StatusCode.NOT_FOUND
    assert refusal(_asking(server)).code is StatusCode.UNAUTHENTICATED
    for _ in range(20):
        assert server.door.status(READINESS) == health_pb2.HealthCheckResponse.SERVING
    # The client waits as long as it is told, and is answered.
    with GradingClient(server.door.address, token=token.write()) as client:
        assert [list(client.list()) for _ in range(4)] == [[]] * 4


def test_streams_beyond_what_may_be_open_are_refused(stack: Stack) -> None:
    server = stack.start_server(
        GRADING_AUTH="required", GRADING_STREAMS_PER_CALLER="3", GRADING_STREAMS_PER_SERVER="5"
    )
    app, other = showing(issue(stack.database)), showing(issue(stack.database, tenant="another"))
    job = server.door.grading.SubmitJob(submission(), metadata=app, timeout=20).job
    others = server.door.grading.SubmitJob(submission(), metadata=other, timeout=20).job

    def watch(job_id: str, metadata: Metadata) -> Watcher:
        watcher = Watcher(server.door, job_id, metadata=metadata)
        until(lambda: watcher.events or watcher.end)
        return watcher

    def refused(job_id: str, metadata: Metadata) -> Refused:
        return watch(job_id, metadata).wait()

    watchers = [watch(job.id, app) for _ in range(3)]
    assert all(watcher.end is None for watcher in watchers)
    _assert_limited(refused(job.id, app), "TOO_MANY_STREAMS", limit="3", of="caller")
    wait = messages.WaitJobRequest(job_id=job.id)
    _assert_limited(
        refusal(lambda: server.door.grading.WaitJob(wait, metadata=app, timeout=20)),
        "TOO_MANY_STREAMS",
        limit="3",
        of="caller",
    )
    upload = iter([messages.UploadAudioRequest()])
    _assert_limited(
        refusal(lambda: server.door.grading.UploadAudio(upload, metadata=app, timeout=20)),
        "TOO_MANY_STREAMS",
        limit="3",
        of="caller",
    )
    watchers += [watch(others.id, other) for _ in range(2)]
    _assert_limited(refused(others.id, other), "TOO_MANY_STREAMS", limit="5", of="server")
    # Calls, and whoever looks after the server, go on.
    assert server.door.grading.GetJob(
        messages.GetJobRequest(job_id=job.id), metadata=app, timeout=20
    ).job
    health = server.door.health.Watch(health_pb2.HealthCheckRequest(), timeout=20)
    assert next(iter(health)).status == health_pb2.HealthCheckResponse.SERVING

    watchers.pop(0).cancel()
    until(lambda: watch(job.id, app).end is None)


def test_a_call_without_a_deadline_ends_though_the_database_hangs(stack: Stack) -> None:
    with private_postgres() as postgres, Databases(postgres).lend() as database:
        server = stack.start_server(DATABASE_URL=database.url, GRADING_CALL_SECONDS="1")
        with frozen(postgres):
            request = messages.GetJobRequest(job_id=str(uuid4()))
            refused = refusal(lambda: server.door.grading.GetJob(request))
        assert refused.code is StatusCode.DEADLINE_EXCEEDED
        assert refused.reason == "ERROR_REASON_CALL_TOO_LONG"
        until(lambda: refusal(_asking(server)).code is StatusCode.NOT_FOUND)
        server.kill()


def test_a_client_that_pings_too_often_is_told_so(stack: Stack) -> None:
    server = stack.start_server(GRADING_PING_SECONDS="5")
    with Connection(server.port, seconds=30) as connection:
        assert not all(connection.is_alive() for _ in range(10))
        assert connection.goaway is not None
        code, why = connection.goaway
        assert (code, why) == (ENHANCE_YOUR_CALM, b"too_many_pings")
    # One that keeps to what is permitted is left alone, also with nothing to say.
    patient = stack.start_server(GRADING_PING_SECONDS="0.1")
    with Connection(patient.port, seconds=1.5) as connection:
        for _ in range(5):
            assert connection.is_alive()
            time.sleep(0.25)
        assert not connection.await_end()
        assert connection.goaway is None


def test_metadata_beyond_what_is_read_is_refused(door: Door) -> None:
    for size, fits in ((4_000, True), (40_000, False)):
        metadata = (("x-much", "é".encode().hex() * (size // 4)),)
        request = messages.ListJobsRequest()
        if fits:
            door.grading.ListJobs(request, metadata=metadata, timeout=20)
            continue
        refused = refusal(
            lambda: door.grading.ListJobs(request, metadata=metadata, timeout=20)  # noqa: B023
        )
        assert refused.code is StatusCode.RESOURCE_EXHAUSTED
        assert "limit" in refused.message


def test_a_watch_goes_on_though_its_connection_grew_too_old(stack: Stack) -> None:
    server = stack.start_server(
        GRADING_CONNECTION_AGE_SECONDS="1",
        GRADING_CONNECTION_GRACE_SECONDS="0.3",
        GRADING_HEARTBEAT_SECONDS="0.2",
    )
    stack.start_worker()
    interruptions: list[Interruption[int]] = []
    with GradingClient(server.door.address) as client:
        job = server.door.grading.SubmitJob(submission("slow:4"), timeout=20).job
        events = list(client.watch(job.id, on_interruption=interruptions.append))
    assert [event.sequence for event in events] == [*range(1, len(events) + 1)]
    assert len(events) > 4
    assert interruptions
    # A stream that is let end by itself tells why; one that is cut off can't.
    assert {one.cause.code for one in interruptions} <= {
        StatusCode.UNAVAILABLE,
        StatusCode.CANCELLED,
    }
