"""One trace from a client's call to the job's result, whatever happens on the way."""

import json
import signal
from collections.abc import Iterator

import pytest
from grpc import StatusCode
from opentelemetry import trace
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from opentelemetry.sdk.trace import TracerProvider

from client.client import GradingClient
from tests.stack.collector import Collector, Told
from tests.stack.door import refusal
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, Prompt, WritingTask, WritingWork

SERVICE = "/vstep.grading.v1.GradingService"
#: Stands in what a learner writes and a client names, and may stand in no span.
MARKER = "Zanzibar"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as started:
        yield started


@pytest.fixture
def traced(stack: Stack, collector: Collector) -> Stack:
    """A stack that sends its spans soon."""
    stack.settings |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    return stack


def _only(collector: Collector, name: str) -> Told:
    [told] = collector.await_named(name)
    return told


def test_one_trace_leads_from_a_call_to_its_result(traced: Stack, collector: Collector) -> None:
    server = traced.start_server()
    traced.start_worker()
    caller = TracerProvider(shutdown_on_exit=False).get_tracer("caller").start_span("caller")
    context = caller.get_span_context()
    trace_id = f"{context.trace_id:032x}"

    with GradingClient(f"127.0.0.1:{server.port}") as client, trace.use_span(caller):
        job = client.submit(
            WritingWork(task=WritingTask.WRITING_TASK_ESSAY, text=f"flaky:2 {MARKER}"),
            Prompt(text=f"Is {MARKER} an island?", requirements=[f"Name {MARKER}"]),
            user_id=MARKER,
            submission_id=MARKER,
        ).job
        assert [event.state for event in client.watch(job.id)][-1] == JOB_STATE_COMPLETED
        client.result(job.id)

    runs = collector.await_named("run", 3)
    result = _only(collector, f"{SERVICE}/GetResult")
    submitted = _only(collector, f"{SERVICE}/SubmitJob")
    assert submitted.service == "vstep-grading-api"
    assert (submitted.trace_id, submitted.parent) == (trace_id, f"{context.span_id:016x}")
    assert submitted.attributes["rpc.grpc.status_code"] == 0
    accepted = _only(collector, "accept")
    assert (accepted.trace_id, accepted.parent) == (trace_id, submitted.id)
    [row] = traced.database.rows("SELECT traceparent FROM jobs")
    assert row["traceparent"].startswith(f"00-{trace_id}-{submitted.id}-")

    # Every run is below the call, however often the job was taken.
    runs.sort(key=lambda run: run.attributes["vstep.run"])
    assert [run.attributes["vstep.outcome"] for run in runs] == ["failed", "failed", "completed"]
    assert [run.attributes["vstep.retries"] for run in runs] == [0, 1, 2]
    assert runs[0].attributes["vstep.reason"] == "transient"
    assert [run.span.status.code for run in runs] == [
        Status.STATUS_CODE_ERROR, Status.STATUS_CODE_ERROR, Status.STATUS_CODE_UNSET,
    ]  # fmt: skip
    for run in runs:
        assert run.service == "vstep-grading-worker"
        assert (run.trace_id, run.parent) == (trace_id, submitted.id)
        assert run.attributes["vstep.job.id"] == job.id
        assert run.attributes["vstep.waited_seconds"] > 0
    for name in ("claim", "settle"):
        assert {told.parent for told in collector.await_named(name, 3)} == {
            run.id for run in runs
        }, name

    # The result and the stream are linked to the call that the job came with.
    here = (trace_id, submitted.id)
    assert (result.trace_id, result.links) == (trace_id, [here])
    opened = _only(collector, "WatchJob opened")
    assert (opened.trace_id, opened.parent) == (trace_id, f"{context.span_id:016x}")
    assert opened.links == [here]
    assert opened.span.start_time_unix_nano == opened.span.end_time_unix_nano
    for told in collector.spans:
        assert not told.name.startswith(f"{SERVICE}/Watch")
        assert "grpc.health" not in told.name

    for secret in (MARKER, "island", traced.database.url, "SELECT", "password"):
        for body in collector.bodies:
            assert secret.encode() not in body
    # Each line of a job's life bears the ids under which its trace is found.
    lines = [json.loads(line) for line in server.output().splitlines()]
    [told_of] = [line for line in lines if line.get("method") == f"{SERVICE}/SubmitJob"]
    assert (told_of["trace_id"], told_of["span_id"]) == (trace_id, submitted.id)
    assert told_of["job_id"] == job.id
    assert told_of["request_id"]


def test_refusals_say_nothing_of_what_was_refused(traced: Stack, collector: Collector) -> None:
    server = traced.start_server()
    request = submission()
    server.door.grading.SubmitJob(request)
    request.writing.text = MARKER
    assert refusal(lambda: server.door.grading.SubmitJob(request)).code is (
        StatusCode.ALREADY_EXISTS
    )
    wrong = messages.GetJobRequest(job_id=MARKER)
    assert refusal(lambda: server.door.grading.GetJob(wrong)).code is StatusCode.INVALID_ARGUMENT

    _, refused = collector.await_named(f"{SERVICE}/SubmitJob", 2)
    assert refused.attributes["rpc.grpc.status_code"] == StatusCode.ALREADY_EXISTS.value[0]
    got = _only(collector, f"{SERVICE}/GetJob")
    assert got.attributes["rpc.grpc.status_code"] == StatusCode.INVALID_ARGUMENT.value[0]
    for told in (refused, got):
        assert not told.span.events
        assert not told.span.status.message
    assert all(MARKER.encode() not in body for body in collector.bodies)


def test_a_job_that_changes_hands_stays_in_its_trace(traced: Stack, collector: Collector) -> None:
    server = traced.start_server()
    first = traced.start_worker()
    grading = server.door.grading
    batch = messages.BatchSubmitJobsRequest(requests=[submission("silent:1"), submission()])
    outcomes = grading.BatchSubmitJobs(batch).outcomes
    slow, quick = (outcome.accepted.job.id for outcome in outcomes)
    watcher = server.door.watch(slow)
    until(lambda: watcher.sequences[2:])
    if grading.GetJob(messages.GetJobRequest(job_id=quick)).job.state == JOB_STATE_COMPLETED:
        # It came first, and its span would be lost with the worker that has it still.
        collector.await_named("run")
    first.kill()
    traced.start_worker()
    assert watcher.wait().code is StatusCode.OK

    submitted = _only(collector, f"{SERVICE}/BatchSubmitJobs")
    accepted = _only(collector, "accept")
    assert (accepted.parent, accepted.attributes["vstep.jobs"]) == (submitted.id, 2)
    runs = collector.await_named("run", 2)
    # What was killed can't tell of its run; the next one says that there was one.
    assert {(run.attributes["vstep.job.id"], run.attributes["vstep.run"]) for run in runs} == {
        (slow, 2),
        (quick, 1),
    }
    assert {(run.trace_id, run.parent) for run in runs} == {(submitted.trace_id, submitted.id)}


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_the_last_spans_are_sent_when_processes_end(
    traced: Stack, collector: Collector, pool: str
) -> None:
    traced.settings["OTEL_BSP_SCHEDULE_DELAY"] = "600000"
    traced.settings["OTEL_SERVICE_NAME"] = "named"
    server = traced.start_server()
    worker = traced.start_worker(pool=pool)
    job_id = server.door.grading.SubmitJob(submission()).job.id
    assert server.door.watch(job_id).wait().code is StatusCode.OK
    assert collector.spans == []
    for process in (worker, server):
        process.signal(signal.SIGTERM)
    assert (worker.wait(15), server.wait(15)) == (0, 0)
    assert {told.service for told in collector.spans} == {"named"}
    assert {f"{SERVICE}/SubmitJob", "accept", "run"} <= {told.name for told in collector.spans}
