"""What a watcher may rely on."""

import time
from functools import partial

import pytest
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode

from tests.stack.door import Door, Watcher, refusal
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.error_pb2 import ERROR_REASON_GRADER_FAILED
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_ANALYZING,
    JOB_STATE_CANCELLED,
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    JOB_STATE_GRADING,
    JOB_STATE_PROCESSING,
    JOB_STATE_QUEUED,
    Job,
    JobEvent,
)
from vstep.grading.v1.result_pb2 import BAND_B2


def _get(door: Door, job_id: str) -> Job:
    return door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job


def _unbroken(watcher: Watcher, after_sequence: int = 0) -> bool:
    expected = range(after_sequence + 1, after_sequence + 1 + len(watcher.events))
    return watcher.sequences == list(expected)


def _has_events(watcher: Watcher, least: int) -> bool:
    return len(watcher.events) >= least


def test_every_event_comes_once_in_order_and_the_stream_ends_ok(door: Door) -> None:
    job = door.grading.SubmitJob(submission()).job
    watcher = door.watch(job.id)

    assert watcher.wait().code is StatusCode.OK
    assert _unbroken(watcher)
    assert [event.state for event in watcher.events] == [
        JOB_STATE_QUEUED,
        JOB_STATE_PROCESSING,
        JOB_STATE_ANALYZING,
        JOB_STATE_GRADING,
        JOB_STATE_COMPLETED,
    ]
    progress = [event.progress for event in watcher.events]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    summary = watcher.events[-1].result
    assert (summary.score, summary.band) == (6.5, BAND_B2)
    assert all(event.WhichOneof("outcome") is None for event in watcher.events[:-1])


def test_a_watch_of_an_ended_job_replays_it_and_ends(door: Door) -> None:
    job = door.grading.SubmitJob(submission()).job
    first = door.watch(job.id)
    assert first.wait().code is StatusCode.OK

    for after_sequence in range(len(first.events) + 1):
        replay = door.watch(job.id, after_sequence)
        assert replay.wait(5).code is StatusCode.OK
        assert replay.events == first.events[after_sequence:]


def test_many_watchers_of_one_job_see_the_same(door: Door) -> None:
    job = door.grading.SubmitJob(submission("slow:1")).job
    watchers = []
    for number in range(12):
        watchers.append(door.watch(job.id, after_sequence=number % 2))
        time.sleep(0.05)
    for number, watcher in enumerate(watchers):
        assert watcher.wait().code is StatusCode.OK
        assert _unbroken(watcher, number % 2)
        assert watcher.events[-1].state == JOB_STATE_COMPLETED


def test_a_made_up_cursor_does_not_disturb_other_watchers(door: Door) -> None:
    job = door.grading.SubmitJob(submission("slow:1.5")).job
    beyond = messages.WatchJobRequest(job_id=job.id, after_sequence=10**9)
    made_up = [door.grading.WatchJob(beyond) for _ in range(50)]
    watchers = [door.watch(job.id) for _ in range(5)]
    made_up += [door.grading.WatchJob(beyond) for _ in range(50)]

    for call in made_up:
        assert refusal(partial(iter, call)).code is StatusCode.OUT_OF_RANGE
    for watcher in watchers:
        assert watcher.wait(20).code is StatusCode.OK
        assert _unbroken(watcher)


def test_a_job_whose_grader_breaks_fails_without_the_learners_words(door: Door) -> None:
    job = door.grading.SubmitJob(submission("boom: my private words")).job
    watcher = door.watch(job.id)

    assert watcher.wait().code is StatusCode.OK
    last = watcher.events[-1]
    assert last.state == JOB_STATE_FAILED
    assert last.error.reason == ERROR_REASON_GRADER_FAILED
    failed = _get(door, job.id)
    assert failed.error == last.error
    for text in (failed.error.message, last.message, last.error.message):
        assert "private" not in text
    refused = refusal(lambda: door.grading.GetResult(messages.GetResultRequest(job_id=job.id)))
    assert refused.metadata["state"] == "JOB_STATE_FAILED"


def test_cancelling_a_running_job_stops_its_worker(door: Door, standing_stack: Stack) -> None:
    job = door.grading.SubmitJob(submission("slow:60")).job
    watcher = door.watch(job.id)
    until(lambda: any(event.state == JOB_STATE_ANALYZING for event in watcher.events))

    cancelled = door.grading.CancelJob(messages.CancelJobRequest(job_id=job.id)).job

    assert cancelled.state == JOB_STATE_CANCELLED
    assert cancelled.HasField("end_time")
    assert watcher.wait(5).code is StatusCode.OK
    assert watcher.events[-1].state == JOB_STATE_CANCELLED
    assert _unbroken(watcher)
    # The worker is free again: there is one, and it takes the next job.
    following = door.grading.SubmitJob(submission()).job
    wait = messages.WaitJobRequest(job_id=following.id, timeout=Duration(seconds=10))
    assert door.grading.WaitJob(wait).ended
    assert _get(door, job.id) == cancelled
    refused = refusal(lambda: door.grading.GetResult(messages.GetResultRequest(job_id=job.id)))
    assert (refused.code, refused.reason) == (
        StatusCode.FAILED_PRECONDITION,
        "ERROR_REASON_RESULT_NOT_AVAILABLE",
    )
    again = door.grading.CancelJob(messages.CancelJobRequest(job_id=job.id)).job
    assert again == cancelled
    found = standing_stack.database.rows("SELECT * FROM results WHERE job_id = %s", job.id)
    assert found == []


def test_a_result_before_the_end_is_refused(door: Door) -> None:
    job = door.grading.SubmitJob(submission("slow:1")).job
    refused = refusal(lambda: door.grading.GetResult(messages.GetResultRequest(job_id=job.id)))
    assert refused.code is StatusCode.FAILED_PRECONDITION
    assert refused.reason == "ERROR_REASON_RESULT_NOT_AVAILABLE"
    assert refused.domain == "grading.vstep"
    assert refused.metadata["job_id"] == job.id
    assert refused.metadata["state"].startswith("JOB_STATE_")
    door.watch(job.id).wait()


class TestWaiting:
    """``WaitJob``."""

    def test_without_patience_it_tells_where_the_job_stands(self, door: Door) -> None:
        job = door.grading.SubmitJob(submission("slow:1")).job
        started = time.monotonic()
        answer = door.grading.WaitJob(
            messages.WaitJobRequest(job_id=job.id, timeout=Duration(seconds=0))
        )
        assert time.monotonic() - started < 0.5
        assert not answer.ended
        door.watch(job.id).wait()

    def test_it_answers_when_the_job_ends(self, door: Door) -> None:
        job = door.grading.SubmitJob(submission("slow:1")).job
        started = time.monotonic()
        answer = door.grading.WaitJob(messages.WaitJobRequest(job_id=job.id))
        assert answer.ended
        assert answer.job.state == JOB_STATE_COMPLETED
        assert 0.5 < time.monotonic() - started < 15

    def test_it_gives_up_when_the_wait_is_over(self, door: Door) -> None:
        job = door.grading.SubmitJob(submission("slow:3")).job
        started = time.monotonic()
        wait = messages.WaitJobRequest(job_id=job.id, timeout=Duration(nanos=400_000_000))
        answer = door.grading.WaitJob(wait)
        assert 0.3 < time.monotonic() - started < 2
        assert not answer.ended
        door.grading.CancelJob(messages.CancelJobRequest(job_id=job.id))

    def test_it_answers_at_once_for_a_job_that_has_ended(self, door: Door) -> None:
        job = door.grading.SubmitJob(submission()).job
        door.watch(job.id).wait()
        started = time.monotonic()
        assert door.grading.WaitJob(messages.WaitJobRequest(job_id=job.id)).ended
        assert time.monotonic() - started < 1


@pytest.fixture(scope="module")
def impatient(standing_stack: Stack, standing_server: Server) -> Server:
    """A second server on the same database: quick heartbeats, short streams, no NOTIFY."""
    return standing_stack.start_server(
        GRADING_HEARTBEAT_SECONDS="0.2",
        GRADING_STREAM_MAX_AGE_SECONDS="2",
        GRADING_NOTIFY="false",
    )


def test_a_quiet_stream_carries_its_cursor_until_it_is_too_old(impatient: Server) -> None:
    door = impatient.door
    job = door.grading.SubmitJob(submission("silent:4")).job
    started = time.monotonic()
    watcher = door.watch(job.id)

    ended = watcher.wait(10)

    assert 1.5 < time.monotonic() - started < 4
    assert (ended.code, ended.reason) == (
        StatusCode.UNAVAILABLE,
        "ERROR_REASON_STREAM_AGE_LIMIT",
    )
    assert ended.retry_after is not None
    assert len(watcher.heartbeats) >= 3
    assert watcher.heartbeats[-1].after_sequence == watcher.cursor
    cursors = [heartbeat.after_sequence for heartbeat in watcher.heartbeats]
    assert cursors == sorted(cursors)
    assert all(heartbeat.HasField("time") for heartbeat in watcher.heartbeats)

    resumed = _follow(impatient, job.id, watcher.cursor)
    sequences = watcher.sequences + [event.sequence for event in resumed]
    assert sequences == list(range(1, len(sequences) + 1))
    assert resumed[-1].state == JOB_STATE_COMPLETED


def _follow(server: Server, job_id: str, cursor: int) -> list[JobEvent]:
    """Watch to the end of the job, over as many streams as that takes."""
    events = []
    while True:
        watcher = server.door.watch(job_id, cursor)
        ended = watcher.wait(10)
        events += watcher.events
        if ended.code is StatusCode.OK:
            return events
        assert ended.code is StatusCode.UNAVAILABLE
        cursor = watcher.cursor or cursor


def test_watching_is_right_without_notify(impatient: Server) -> None:
    job = impatient.door.grading.SubmitJob(submission("slow:1")).job
    events = _follow(impatient, job.id, 0)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert events[-1].state == JOB_STATE_COMPLETED


def test_notify_makes_it_fast(standing_stack: Stack, door: Door) -> None:
    """With a poll every minute, only a hint can bring the events in time."""
    patient = standing_stack.start_server(GRADING_POLL_SECONDS="60")
    job = door.grading.SubmitJob(submission("slow:1")).job
    watcher = patient.door.watch(job.id)
    assert watcher.wait(15).code is StatusCode.OK
    assert _unbroken(watcher)


def test_a_stream_outlives_the_kill_of_its_server(stack: Stack) -> None:
    first = stack.start_server()
    stack.start_worker()
    first.await_health("workers")
    job = first.door.grading.SubmitJob(submission("slow:2.5")).job
    watchers = [first.door.watch(job.id) for _ in range(3)]
    for watcher in watchers:
        until(partial(_has_events, watcher, 4))

    first.kill()
    for watcher in watchers:
        assert watcher.wait(10).code in {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}
    second = stack.start_server(PORT=str(first.port))

    for watcher in watchers:
        resumed = second.door.watch(job.id, watcher.cursor)
        assert resumed.wait(20).code is StatusCode.OK
        sequences = watcher.sequences + resumed.sequences
        assert sequences == list(range(1, len(sequences) + 1))
        assert resumed.events[-1].state == JOB_STATE_COMPLETED
