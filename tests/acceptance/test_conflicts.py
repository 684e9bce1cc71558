"""What the jobs that are there already forbid."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode

from tests.stack.door import Door, assert_invalid, refusal
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JobState

Change = Callable[[messages.SubmitJobRequest], object]


def _text(value: str) -> Change:
    return lambda request: setattr(request.writing, "text", value)


def _field(name: str, value: object) -> Change:
    return lambda request: setattr(request, name, value)


@pytest.fixture(scope="module")
def stored(standing_server: Server) -> list[messages.SubmitJobRequest]:
    """Three submissions of one learner, graded."""
    requests = [submission(user_id=f"learner-{uuid4()}") for _ in range(3)]
    for request in requests:
        request.user_id = requests[0].user_id
        job = standing_server.door.grading.SubmitJob(request).job
        wait = messages.WaitJobRequest(job_id=job.id, timeout=Duration(seconds=20))
        assert standing_server.door.grading.WaitJob(wait).ended
    return requests


@pytest.fixture(autouse=True)
def nothing_left_behind(
    stored: list[messages.SubmitJobRequest], standing_stack: Stack
) -> Iterator[None]:
    """No bad input adds a row; the stored jobs are there before."""
    before = standing_stack.database.counts()
    yield
    assert standing_stack.database.counts() == before


@pytest.mark.parametrize(
    "change",
    [
        _text("Another answer."),
        _field("attempt", 2),
        _field("user_id", "somebody-else"),
        _field("submission_id", "another"),
        lambda request: setattr(request.writing, "task", 1),
        lambda request: setattr(request.prompt, "text", "Another prompt."),
        lambda request: request.prompt.requirements.append("One more"),
    ],
)
def test_a_request_id_used_with_another_payload(
    door: Door, stored: list[messages.SubmitJobRequest], change: Change
) -> None:
    original = door.grading.SubmitJob(stored[0])
    assert original.deduplicated
    request = messages.SubmitJobRequest()
    request.CopyFrom(stored[0])
    change(request)

    refused = refusal(lambda: door.grading.SubmitJob(request))

    assert refused.code is StatusCode.ALREADY_EXISTS
    assert refused.reason == "ERROR_REASON_REQUEST_ID_REUSED"
    assert refused.domain == "grading.vstep"
    assert refused.metadata == {
        "request_id": request.request_id,
        "job_id": original.job.id,
        "field": "request_id",
    }


def test_an_attempt_that_has_a_job(door: Door, stored: list[messages.SubmitJobRequest]) -> None:
    original = door.grading.SubmitJob(stored[0])
    request = messages.SubmitJobRequest()
    request.CopyFrom(stored[0])
    request.request_id = str(uuid4())

    refused = refusal(lambda: door.grading.SubmitJob(request))

    assert refused.code is StatusCode.ALREADY_EXISTS
    assert refused.reason == "ERROR_REASON_ATTEMPT_EXISTS"
    assert refused.domain == "grading.vstep"
    assert refused.metadata == {
        "submission_id": request.submission_id,
        "attempt": "1",
        "job_id": original.job.id,
        "field": "attempt",
    }


def test_a_page_token_of_another_filter(
    door: Door, stored: list[messages.SubmitJobRequest]
) -> None:
    wanted = messages.ListJobsRequest(user_id=stored[0].user_id, page_size=1)
    token = door.grading.ListJobs(wanted).next_page_token
    assert token
    for other in (
        messages.ListJobsRequest(page_token=token),
        messages.ListJobsRequest(page_token=token, user_id="somebody-else"),
        messages.ListJobsRequest(
            page_token=token, user_id=stored[0].user_id, states=[JobState.JOB_STATE_QUEUED]
        ),
    ):
        refused = refusal(partial(door.grading.ListJobs, other))
        assert_invalid(refused, "page_token", reason="ERROR_REASON_PAGE_TOKEN_INVALID")


def test_a_cursor_beyond_the_log(door: Door, stored: list[messages.SubmitJobRequest]) -> None:
    job = door.grading.SubmitJob(stored[0]).job
    for cursor in (job.last_sequence + 1, 2**63 - 1):
        request = messages.WatchJobRequest(job_id=job.id, after_sequence=cursor)
        refused = refusal(partial(door.grading.WatchJob, request))
        assert refused.code is StatusCode.OUT_OF_RANGE
        assert refused.reason == "ERROR_REASON_CURSOR_OUT_OF_RANGE"
        assert refused.domain == "grading.vstep"
        assert refused.metadata == {
            "field": "after_sequence",
            "last_sequence": str(job.last_sequence),
        }


def test_cancelling_a_job_that_has_ended(
    door: Door, stored: list[messages.SubmitJobRequest]
) -> None:
    job = door.grading.SubmitJob(stored[0]).job
    refused = refusal(lambda: door.grading.CancelJob(messages.CancelJobRequest(job_id=job.id)))
    assert refused.code is StatusCode.FAILED_PRECONDITION
    assert refused.reason == "ERROR_REASON_JOB_ENDED"
    assert refused.domain == "grading.vstep"
    assert refused.metadata == {"job_id": job.id, "state": "JOB_STATE_COMPLETED"}
