"""A worker that is shut down in the middle of a job."""

import signal

from grpc import StatusCode

from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, JOB_STATE_RETRYING


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
