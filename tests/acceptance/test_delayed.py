"""A watcher hears that its job is delayed."""

from functools import partial

from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_QUEUED


def test_a_watcher_hears_that_its_job_is_delayed(stack: Stack) -> None:
    server = stack.start_server(GRADING_DELAYED_BACKLOG="1")
    first = server.door.grading.SubmitJob(submission()).job
    second = server.door.grading.SubmitJob(submission()).job
    watchers = {job.id: server.door.watch(job.id) for job in (first, second)}

    until(partial(lambda watcher: watcher.events[1:], watchers[second.id]))
    [event] = watchers[second.id].events[1:]
    assert event.delayed
    assert event.state == JOB_STATE_QUEUED
    assert server.door.grading.GetJob(messages.GetJobRequest(job_id=second.id)).job.delayed
    assert not server.door.grading.GetJob(messages.GetJobRequest(job_id=first.id)).job.delayed

    stack.start_worker()
    for watcher in watchers.values():
        watcher.wait(40)
        assert watcher.sequences == list(range(1, len(watcher.events) + 1))
    assert [event.delayed for event in watchers[second.id].events].count(True) == 1
    assert not any(event.delayed for event in watchers[first.id].events)
