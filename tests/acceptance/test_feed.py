"""The feed of all jobs, through the public door."""

import itertools
import uuid
from collections.abc import Iterable

from grpc import StatusCode

from tests.stack.door import Door, refusal
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, SKILL_SPEAKING, JobEvent


def _by_job(events: Iterable[JobEvent]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for event in events:
        found.setdefault(event.job_id, []).append(event.sequence)
    return found


def test_the_feed_goes_on_at_its_cursor_on_another_server(stack: Stack) -> None:
    first, second = stack.start_server(), stack.start_server()
    stack.start_worker()
    jobs = {first.door.grading.SubmitJob(submission()).job.id for _ in range(3)}
    received: list[JobEvent] = []
    cursor = ""
    for answer in first.door.grading.WatchJobs(messages.WatchJobsRequest(), timeout=30):
        if answer.HasField("event"):
            received.append(answer.event)
            cursor = answer.cursor
        if len(received) == 7:
            break
    first.kill()
    jobs |= {second.door.grading.SubmitJob(submission()).job.id for _ in range(2)}
    again = second.door.grading.WatchJobs(messages.WatchJobsRequest(cursor=cursor), timeout=30)
    for answer in again:
        if answer.HasField("event"):
            received.append(answer.event)
        if sum(event.state == JOB_STATE_COMPLETED for event in received) == len(jobs):
            break
    again.cancel()
    assert _by_job(received) == {job: [1, 2, 3, 4, 5] for job in jobs}


def test_a_feed_lets_through_what_its_filter_says(stack: Stack) -> None:
    server = stack.start_server(GRADING_HEARTBEAT_SECONDS="0.3")
    stack.start_worker()
    grading = server.door.grading
    grading.SubmitJob(submission(user_id="learner-2"))
    wanted = grading.SubmitJob(submission(user_id="learner-3")).job.id

    def feed(**fields: object) -> list[messages.WatchJobsResponse]:
        request = messages.WatchJobsRequest(**fields)  # type: ignore[arg-type]
        stream = grading.WatchJobs(request, timeout=20)
        found = list(itertools.takewhile(lambda answer: answer.HasField("event"), stream))
        stream.cancel()
        return found

    server.door.watch(wanted).wait()
    ended = feed(user_id="learner-3", only_ends=True)
    assert [(a.event.job_id, a.event.sequence) for a in ended] == [(wanted, 5)]
    assert len(feed(user_id="learner-3")) == 5
    assert len(feed()) == 10
    assert feed(skill=SKILL_SPEAKING) == []
    assert feed(start_at_end=True) == []
    assert feed(cursor=feed()[-1].cursor) == []


def test_a_quiet_feed_gives_signs_of_life_whose_cursor_can_be_used(stack: Stack) -> None:
    server = stack.start_server(GRADING_HEARTBEAT_SECONDS="0.2")
    stream = server.door.grading.WatchJobs(messages.WatchJobsRequest(user_id="nobody"), timeout=20)
    cursors = [next(stream).cursor]
    job = server.door.grading.SubmitJob(submission()).job
    cursors += [answer.cursor for answer in itertools.islice(stream, 10)]
    stream.cancel()
    assert cursors[-1] != cursors[0]
    rest = server.door.grading.WatchJobs(messages.WatchJobsRequest(cursor=cursors[0]), timeout=20)
    assert next(rest).event.job_id == job.id
    rest.cancel()


def test_a_made_up_cursor_is_refused(door: Door) -> None:
    request = messages.WatchJobsRequest(cursor=uuid.uuid4().hex)
    refused = refusal(lambda: door.grading.WatchJobs(request, timeout=10))
    assert refused.code is StatusCode.INVALID_ARGUMENT
    assert (refused.reason, tuple(refused.fields)) == ("ERROR_REASON_CURSOR_INVALID", ("cursor",))


def test_a_feed_that_starts_at_the_end_tells_its_cursor_at_once(door: Door) -> None:
    grading = door.grading
    stream = grading.WatchJobs(messages.WatchJobsRequest(start_at_end=True), timeout=10)
    cursor = next(iter(stream)).cursor
    stream.cancel()  # lost before its first event
    job = grading.SubmitJob(submission()).job
    again = grading.WatchJobs(messages.WatchJobsRequest(cursor=cursor), timeout=20)
    first = next(answer.event for answer in again if answer.event.job_id == job.id)
    assert first.sequence == 1
    again.cancel()
