"""Servers and workers of two releases beside each other, as in the middle of an upgrade."""

import itertools
from pathlib import Path

import pytest
from grpc import StatusCode

from tests.stack.previous_code import unpack_previous_code
from tests.stack.process import CHECKOUT
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED

JOBS = 24


@pytest.mark.timeout(180)
def test_two_releases_share_the_schema_of_the_newer_one(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "previous"
    folder.mkdir()
    # Without history both are this one: tests/integration/test_previous_release.py knows
    # from a record what the previous one's queries are, and needs none.
    checkouts = [unpack_previous_code(folder) or CHECKOUT, CHECKOUT]
    servers = []
    for stack.checkout in checkouts:
        servers.append(stack.start_server())
        stack.start_worker()
    until(lambda: len(stack.database.rows("SELECT name FROM workers")) == len(checkouts), 60)

    doors = itertools.cycle(server.door for server in servers)
    jobs = [next(doors).grading.SubmitJob(submission("slow:0.2")).job.id for _ in range(JOBS)]
    next(doors)  # the other one begins
    # Watched at the other release's server.
    watchers = [next(doors).watch(job_id) for job_id in jobs]

    for job_id, watcher in zip(jobs, watchers, strict=True):
        assert watcher.wait(60).code is StatusCode.OK
        assert watcher.sequences == list(range(1, len(watcher.events) + 1))
        assert watcher.events[-1].state == JOB_STATE_COMPLETED
        for server in servers:
            job = server.door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job
            assert (job.state, job.run, job.retries) == (JOB_STATE_COMPLETED, 1, 0)
    graded = stack.database.rows("SELECT worker, count(*) FROM runs GROUP BY worker")
    assert len(graded) == len(checkouts)
