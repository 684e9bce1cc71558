"""RetryJob: what failed is graded again, as a job of its own."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode

from tests.stack.door import Door, refusal
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    JOB_STATE_QUEUED,
    JOB_STATE_RETRYING,
    Job,
)


def _ended(door: Door, text: str) -> Job:
    job = door.grading.SubmitJob(submission(text)).job
    wait = messages.WaitJobRequest(job_id=job.id, timeout=Duration(seconds=30))
    answer = door.grading.WaitJob(wait)
    assert answer.ended
    return answer.job


def _get(door: Door, job_id: str) -> Job:
    return door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job


def _retry(job_id: str, request_id: str | None = None) -> messages.RetryJobRequest:
    return messages.RetryJobRequest(job_id=job_id, request_id=request_id or str(uuid4()))


@pytest.fixture
def failed(door: Door) -> Iterator[Job]:
    """A FAILED job, which nothing changes any more."""
    job = _ended(door, "boom")
    assert job.state == JOB_STATE_FAILED
    yield job
    assert _get(door, job.id) == job


def test_a_failed_job_is_graded_again_as_the_next_attempt(door: Door, failed: Job) -> None:
    request = _retry(failed.id)
    answer = door.grading.RetryJob(request)

    assert not answer.deduplicated
    job = answer.job
    assert job.id != failed.id
    assert (job.request_id, job.retry_of) == (request.request_id, failed.id)
    assert (job.user_id, job.submission_id) == (failed.user_id, failed.submission_id)
    assert (job.attempt, job.state) == (failed.attempt + 1, JOB_STATE_QUEUED)
    assert failed.retry_of == ""
    watcher = door.watch(job.id)
    assert watcher.wait().code is StatusCode.OK
    assert watcher.events[-1].state == JOB_STATE_FAILED  # the same text breaks the same grader

    repeated = door.grading.RetryJob(request)
    assert repeated.deduplicated
    assert repeated.job.id == job.id


def test_an_attempt_is_made_once(door: Door, failed: Job) -> None:
    job = door.grading.RetryJob(_retry(failed.id)).job
    refused = refusal(lambda: door.grading.RetryJob(_retry(failed.id)))
    assert (refused.code, refused.reason) == (
        StatusCode.ALREADY_EXISTS, "ERROR_REASON_ATTEMPT_EXISTS",
    )  # fmt: skip
    assert refused.metadata["job_id"] == job.id


def test_the_request_id_of_another_call_is_refused(door: Door, failed: Job) -> None:
    request = _retry(failed.id, failed.request_id)
    refused = refusal(lambda: door.grading.RetryJob(request))
    assert (refused.code, refused.reason) == (
        StatusCode.ALREADY_EXISTS, "ERROR_REASON_REQUEST_ID_REUSED",
    )  # fmt: skip


def test_only_what_failed_is_retried(door: Door) -> None:
    job = _ended(door, "Graded at once.")
    refused = refusal(lambda: door.grading.RetryJob(_retry(job.id)))
    assert refused.code is StatusCode.FAILED_PRECONDITION
    assert refused.reason == "ERROR_REASON_JOB_NOT_FAILED"
    assert refused.metadata == {"job_id": job.id, "state": "JOB_STATE_COMPLETED"}


def test_an_unknown_job_is_not_retried(door: Door) -> None:
    refused = refusal(lambda: door.grading.RetryJob(_retry(str(uuid4()))))
    assert (refused.code, refused.reason) == (
        StatusCode.NOT_FOUND, "ERROR_REASON_JOB_NOT_FOUND",
    )  # fmt: skip


def test_a_purged_answer_can_not_be_graded_again(
    standing_stack: Stack, door: Door, failed: Job
) -> None:
    standing_stack.database.rows("DELETE FROM answers WHERE job_id = %s", failed.id)
    refused = refusal(lambda: door.grading.RetryJob(_retry(failed.id)))
    assert (refused.code, refused.reason) == (
        StatusCode.FAILED_PRECONDITION, "ERROR_REASON_ANSWER_PURGED",
    )  # fmt: skip


def test_passing_faults_are_retried_without_being_asked_to(door: Door) -> None:
    job = door.grading.SubmitJob(submission(f"flaky:2 {uuid4()}")).job
    watcher = door.watch(job.id)
    assert watcher.wait().code is StatusCode.OK
    assert watcher.sequences == list(range(1, len(watcher.events) + 1))
    states = [event.state for event in watcher.events]
    assert states.count(JOB_STATE_RETRYING) == 2
    assert states[-1] == JOB_STATE_COMPLETED
    done = _get(door, job.id)
    assert (done.run, done.retries) == (3, 2)
