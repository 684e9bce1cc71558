"""``kill -9`` in the middle of a job: one result, one unbroken log."""

from functools import partial

from grpc import StatusCode

from tests.stack.door import Watcher
from tests.stack.process import session_members
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.error_pb2 import ERROR_REASON_RETRIES_EXHAUSTED
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_ANALYZING,
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    JOB_STATE_QUEUED,
    JOB_STATE_RETRYING,
)


def _analyzing(watcher: Watcher, run: int) -> bool:
    return any(event.run == run and event.state == JOB_STATE_ANALYZING for event in watcher.events)


def test_another_worker_ends_the_job_of_one_that_was_killed(stack: Stack) -> None:
    server = stack.start_server()
    first = stack.start_worker()
    job = server.door.grading.SubmitJob(submission("slow:2")).job
    watcher = server.door.watch(job.id)
    until(partial(_analyzing, watcher, 1))
    until(lambda: len(watcher.events) > 6)

    assert len(session_members(first.pid)) > 1  # the parent and the child that grades
    first.kill()
    assert session_members(first.pid) == []
    stack.start_worker()

    assert watcher.wait(40).code is StatusCode.OK
    assert watcher.sequences == list(range(1, len(watcher.events) + 1))
    states = [event.state for event in watcher.events]
    assert states[0] == JOB_STATE_QUEUED
    assert states.count(JOB_STATE_RETRYING) == 1
    assert states.count(JOB_STATE_COMPLETED) == 1
    assert states[-1] == JOB_STATE_COMPLETED
    runs = [event.run for event in watcher.events]
    assert runs == sorted(runs)
    assert set(runs) == {0, 1, 2}

    result = server.door.grading.GetResult(messages.GetResultRequest(job_id=job.id)).result
    assert result.provenance.run == 2
    assert server.door.grading.GetJob(messages.GetJobRequest(job_id=job.id)).job.run == 2
    counts = stack.database.counts()
    assert (counts["results"], counts["runs"], counts["outbox"]) == (1, 2, 0)
    assert counts["events"] == len(watcher.events)
    assert stack.database.rows("SELECT outcome FROM runs ORDER BY run") == [
        {"outcome": "lost"},
        {"outcome": "completed"},
    ]


def test_a_killed_child_is_replaced_and_its_job_taken_again(stack: Stack) -> None:
    server = stack.start_server()
    worker = stack.start_worker()
    job = server.door.grading.SubmitJob(submission("slow:2")).job
    watcher = server.door.watch(job.id)
    until(partial(_analyzing, watcher, 1))

    worker.kill_children()

    assert watcher.wait(40).code is StatusCode.OK
    assert worker.running
    assert watcher.sequences == list(range(1, len(watcher.events) + 1))
    assert watcher.events[-1].state == JOB_STATE_COMPLETED
    assert watcher.events[-1].run == 2
    assert stack.database.counts()["results"] == 1


def test_a_job_that_kills_every_worker_fails_in_the_end(stack: Stack) -> None:
    server = stack.start_server(GRADING_MAX_RETRIES="1")
    worker = stack.start_worker(GRADING_LEASE_SECONDS="1")
    job = server.door.grading.SubmitJob(submission("slow:60")).job
    watcher = server.door.watch(job.id)
    for run in (1, 2):
        until(partial(_analyzing, watcher, run))
        worker.kill_children()

    assert watcher.wait(40).code is StatusCode.OK
    assert watcher.events[-1].state == JOB_STATE_FAILED
    assert watcher.events[-1].error.reason == ERROR_REASON_RETRIES_EXHAUSTED
    assert watcher.sequences == list(range(1, len(watcher.events) + 1))
    assert stack.database.counts()["results"] == 0
