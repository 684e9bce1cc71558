"""A failed job retried by hand, a job erased, a worker shut down in the middle of one."""

import signal
from uuid import uuid4

from grpc import StatusCode

from tests.stack.door import Door, refusal
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, JOB_STATE_RETRYING


def test_a_failed_job_is_graded_again_as_a_job_of_its_own(door: Door) -> None:
    request = submission("boom")
    failed = door.grading.SubmitJob(request).job
    door.watch(failed.id).wait()
    retry = messages.RetryJobRequest(request_id=str(uuid4()), job_id=failed.id)
    answer = door.grading.RetryJob(retry)
    assert not answer.deduplicated
    assert answer.job.id != failed.id
    assert (answer.job.retry_of, answer.job.attempt) == (failed.id, 2)
    assert answer.job.submission_id == failed.submission_id
    again = door.grading.RetryJob(retry)
    assert (again.job.id, again.deduplicated) == (answer.job.id, True)
    door.watch(answer.job.id).wait()

    other_key = messages.RetryJobRequest(request_id=str(uuid4()), job_id=failed.id)
    refused = refusal(lambda: door.grading.RetryJob(other_key))
    assert (refused.code, refused.reason) == (
        StatusCode.ALREADY_EXISTS,
        "ERROR_REASON_ATTEMPT_EXISTS",
    )
    unknown = messages.RetryJobRequest(request_id=str(uuid4()), job_id=str(uuid4()))
    assert refusal(lambda: door.grading.RetryJob(unknown)).code is StatusCode.NOT_FOUND


def test_only_a_failed_job_is_retried(door: Door) -> None:
    job = door.grading.SubmitJob(submission()).job
    door.watch(job.id).wait()
    request = messages.RetryJobRequest(request_id=str(uuid4()), job_id=job.id)
    refused = refusal(lambda: door.grading.RetryJob(request))
    assert (refused.code, refused.reason) == (
        StatusCode.FAILED_PRECONDITION,
        "ERROR_REASON_JOB_NOT_FAILED",
    )
    assert refused.metadata["state"] == "JOB_STATE_COMPLETED"


def test_an_erased_job_is_gone_for_its_watchers_and_its_worker(stack: Stack) -> None:
    server = stack.start_server()
    stack.start_worker()
    grading = server.door.grading
    job = grading.SubmitJob(submission("slow:8")).job
    watcher = server.door.watch(job.id)
    until(lambda: len(watcher.events) > 4)
    erased = grading.DeleteJob(messages.DeleteJobRequest(job_id=job.id))

    ended = watcher.wait()
    assert (ended.code, ended.reason) == (StatusCode.NOT_FOUND, "ERROR_REASON_JOB_NOT_FOUND")
    wanted = messages.GetJobRequest(job_id=job.id)
    assert refusal(lambda: grading.GetJob(wanted)).code is StatusCode.NOT_FOUND
    again = grading.DeleteJob(messages.DeleteJobRequest(job_id=job.id))
    assert again.delete_time == erased.delete_time
    # The worker stopped long before the eight seconds were over, and takes the next.
    following = grading.SubmitJob(submission()).job
    waited = grading.WaitJob(messages.WaitJobRequest(job_id=following.id), timeout=30).job
    assert waited.state == JOB_STATE_COMPLETED
    assert (waited.end_time.seconds - erased.delete_time.seconds) < 6
    assert set(stack.database.counts().values()) <= {0, 1, 5}


def test_a_worker_that_is_shut_down_hands_its_job_to_another(stack: Stack) -> None:
    server = stack.start_server()
    first = stack.start_worker(GRADING_LEASE_SECONDS="60")
    job = server.door.grading.SubmitJob(submission("slow:4")).job
    watcher = server.door.watch(job.id)
    until(lambda: len(watcher.events) > 4)
    stack.start_worker(GRADING_LEASE_SECONDS="60")
    first.signal(signal.SIGTERM)

    assert first.wait(15) == 0
    assert watcher.wait(40).code is StatusCode.OK
    assert watcher.sequences == list(range(1, len(watcher.events) + 1))
    assert [event.state for event in watcher.events].count(JOB_STATE_RETRYING) == 1
    ended = server.door.grading.GetJob(messages.GetJobRequest(job_id=job.id)).job
    assert (ended.state, ended.run, ended.retries) == (JOB_STATE_COMPLETED, 2, 0)
