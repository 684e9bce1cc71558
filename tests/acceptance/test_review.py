"""A result that needs a review: held back where reviews are required, given out where not."""

from grpc import StatusCode

from tests.stack.door import refusal
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.error_pb2 import ErrorReason
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_COMPLETED,
    JOB_STATE_REVIEW_REQUIRED,
    REVIEW_PRIORITY_HIGH,
    REVIEW_REASON_LOW_CONFIDENCE,
)


def test_a_held_score_is_shown_by_no_call(stack: Stack) -> None:
    server = stack.start_server()
    stack.start_worker(GRADING_REVIEW_MODE="required")
    grading = server.door.grading
    job = grading.SubmitJob(submission("unsure:60")).job
    events = [
        answer.event
        for answer in grading.WatchJob(
            messages.WatchJobRequest(job_id=job.id, end_at_review=True), timeout=40
        )
        if answer.HasField("event")
    ]
    assert events[-1].state == JOB_STATE_REVIEW_REQUIRED
    assert not any(event.HasField("result") for event in events)

    held = grading.GetJob(messages.GetJobRequest(job_id=job.id)).job
    assert held.state == JOB_STATE_REVIEW_REQUIRED
    assert not held.HasField("end_time")
    assert held.review_priority == REVIEW_PRIORITY_HIGH
    assert list(held.review_reasons) == [REVIEW_REASON_LOW_CONFIDENCE]
    refused = refusal(lambda: grading.GetResult(messages.GetResultRequest(job_id=job.id)))
    assert refused.code is StatusCode.FAILED_PRECONDITION
    assert refused.reason == ErrorReason.Name(ErrorReason.ERROR_REASON_RESULT_NOT_AVAILABLE)
    [row] = stack.database.rows("SELECT count(*) AS results FROM results")
    assert row == {"results": 1}


def test_an_advised_review_gives_the_result_out_and_says_so(stack: Stack) -> None:
    server = stack.start_server()
    stack.start_worker(GRADING_SPOT_CHECK_RATE="0")
    grading = server.door.grading
    unsure = grading.SubmitJob(submission("unsure:60")).job
    watcher = server.door.watch(unsure.id)
    assert watcher.wait(40).code is StatusCode.OK
    assert watcher.events[-1].state == JOB_STATE_COMPLETED
    assert watcher.events[-1].result.confidence == 60
    job = grading.GetJob(messages.GetJobRequest(job_id=unsure.id)).job
    assert job.review_priority == REVIEW_PRIORITY_HIGH
    result = grading.GetResult(messages.GetResultRequest(job_id=unsure.id)).result
    assert (result.confidence.value, result.audit) == (60, False)

    audited = grading.SubmitJob(submission("unsure:87")).job
    assert server.door.watch(audited.id).wait(40).code is StatusCode.OK
    assert grading.GetResult(messages.GetResultRequest(job_id=audited.id)).result.audit
    assert not grading.GetJob(messages.GetJobRequest(job_id=audited.id)).job.review_priority
