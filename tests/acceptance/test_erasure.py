"""A job that is erased, for whoever is at it."""

from grpc import StatusCode

from tests.stack.door import refusal
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED


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
