"""``ListJobs``: pages over many jobs, newest first, by filter."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.stack.door import Door
from tests.stack.stack import Server
from tests.stack.submissions import submission
from vstep.grading.v1.grading_service_pb2 import CancelJobRequest, ListJobsRequest
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_CANCELLED,
    JOB_STATE_COMPLETED,
    SKILL_SPEAKING,
    SKILL_WRITING,
    Job,
)

MANY = 120


@pytest.fixture(scope="module")
def learner(standing_server: Server) -> str:
    """A learner with many jobs that have all ended, every tenth by a cancel."""
    door = standing_server.door
    name = f"learner-{uuid4()}"
    with ThreadPoolExecutor(16) as pool:
        requests = [submission("slow:600" if n % 10 == 0 else "x", name) for n in range(MANY)]
        jobs = [answer.job for answer in pool.map(door.grading.SubmitJob, requests)]
        slow = [job for job, r in zip(jobs, requests, strict=True) if r.writing.text != "x"]
        for _ in pool.map(door.grading.CancelJob, [CancelJobRequest(job_id=j.id) for j in slow]):
            pass
        for watcher in [door.watch(job.id) for job in jobs]:
            watcher.wait(60)
    return name


def _pages(door: Door, wanted: ListJobsRequest) -> list[list[Job]]:
    """Read every page."""
    request = ListJobsRequest()
    request.CopyFrom(wanted)
    pages = []
    while True:
        answer = door.grading.ListJobs(request)
        pages.append(list(answer.jobs))
        if not answer.next_page_token:
            return pages
        request.page_token = answer.next_page_token


@pytest.mark.parametrize("size", [1, 7, 50, 60, 119, 120, 121, 1000])
def test_pages_hold_every_job_once_newest_first(door: Door, learner: str, size: int) -> None:
    pages = _pages(door, ListJobsRequest(user_id=learner, page_size=size))

    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
    ids = [job.id for page in pages for job in page]
    assert len(ids) == len(set(ids)) == MANY
    assert ids == sorted(ids, reverse=True)
    assert len(pages) == -(-MANY // size)


def test_a_page_holds_fifty_where_nothing_is_said(door: Door, learner: str) -> None:
    pages = _pages(door, ListJobsRequest(user_id=learner))
    assert [len(page) for page in pages] == [50, 50, 20]


def test_the_page_size_may_change_on_the_way(door: Door, learner: str) -> None:
    first = door.grading.ListJobs(ListJobsRequest(user_id=learner, page_size=10))
    second = door.grading.ListJobs(
        ListJobsRequest(user_id=learner, page_size=1000, page_token=first.next_page_token)
    )
    assert len(second.jobs) == MANY - 10


def test_jobs_that_come_later_do_not_shift_the_pages(door: Door, learner: str) -> None:
    wanted = ListJobsRequest(page_size=10, accepted_from=Timestamp(seconds=1))
    first = door.grading.ListJobs(wanted)
    job = door.grading.SubmitJob(submission()).job
    wanted.page_token = first.next_page_token
    second = door.grading.ListJobs(wanted)
    ids = [found.id for found in (*first.jobs, *second.jobs)]
    assert len(set(ids)) == 20
    assert job.id not in ids


def test_states_filter(door: Door, learner: str) -> None:
    cancelled = _pages(door, ListJobsRequest(user_id=learner, states=[JOB_STATE_CANCELLED]))
    completed = _pages(door, ListJobsRequest(user_id=learner, states=[JOB_STATE_COMPLETED]))
    either = ListJobsRequest(user_id=learner, states=[JOB_STATE_COMPLETED, JOB_STATE_CANCELLED])

    assert {job.state for page in cancelled for job in page} == {JOB_STATE_CANCELLED}
    assert {job.state for page in completed for job in page} == {JOB_STATE_COMPLETED}
    assert sum(map(len, cancelled)) == MANY // 10
    assert sum(map(len, completed)) == MANY - MANY // 10
    assert sum(map(len, _pages(door, either))) == MANY


def test_a_filter_without_jobs_gives_one_empty_page(door: Door, learner: str) -> None:
    assert _pages(door, ListJobsRequest(user_id="nobody")) == [[]]
    assert _pages(door, ListJobsRequest(user_id=learner, skill=SKILL_SPEAKING)) == [[]]
    assert _pages(door, ListJobsRequest(user_id=learner, submission_id="none")) == [[]]


def test_the_other_filters(door: Door, learner: str) -> None:
    everything = ListJobsRequest(user_id=learner, skill=SKILL_WRITING, page_size=1000)
    jobs = _pages(door, everything)[0]
    assert len(jobs) == MANY
    one = jobs[MANY // 2]
    found = _pages(door, ListJobsRequest(user_id=learner, submission_id=one.submission_id))
    assert [job.id for job in found[0]] == [one.id]

    since, until = one.accept_time, Timestamp()
    until.FromDatetime(one.accept_time.ToDatetime() + timedelta(microseconds=1))
    window = ListJobsRequest(user_id=learner, accepted_from=since, accepted_before=until)
    # Submissions that were committed together bear the same time.
    same = [job.id for job in jobs if job.accept_time == one.accept_time]
    assert [job.id for job in _pages(door, window)[0]] == same
    before = ListJobsRequest(user_id=learner, accepted_before=since, page_size=1000)
    assert one.id not in [job.id for job in _pages(door, before)[0]]
