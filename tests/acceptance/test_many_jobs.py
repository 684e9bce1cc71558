"""Batches and the feed: many jobs through the public door."""

import itertools
import uuid
from collections.abc import Iterable

import grpc
from grpc import StatusCode

from tests.stack.door import Door, refusal, refused_with
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.error_pb2 import (
    ERROR_REASON_ATTEMPT_EXISTS,
    ERROR_REASON_INVALID_FIELD,
    ERROR_REASON_REQUEST_ID_REUSED,
)
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, SKILL_SPEAKING, JobEvent


def _batch(door: Door, *items: messages.SubmitJobRequest) -> list[messages.BatchSubmitOutcome]:
    request = messages.BatchSubmitJobsRequest(requests=items)
    return list(door.grading.BatchSubmitJobs(request, timeout=30).outcomes)


def _by_job(events: Iterable[JobEvent]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for event in events:
        found.setdefault(event.job_id, []).append(event.sequence)
    return found


def test_each_item_of_a_batch_has_its_own_outcome(door: Door) -> None:
    known = submission()
    door.grading.SubmitJob(known)
    reused = submission()
    reused.request_id = known.request_id
    same_attempt = submission()
    same_attempt.submission_id = known.submission_id
    blank = submission("   ")
    fresh = [submission() for _ in range(195)]
    twice = submission()
    outcomes = _batch(door, known, reused, same_attempt, blank, *fresh, twice, twice)

    assert outcomes[0].accepted.deduplicated
    assert outcomes[1].refusal.reason == ERROR_REASON_REQUEST_ID_REUSED
    assert outcomes[1].refusal.metadata["request_id"] == known.request_id
    assert outcomes[2].refusal.reason == ERROR_REASON_ATTEMPT_EXISTS
    assert outcomes[3].refusal.reason == ERROR_REASON_INVALID_FIELD
    assert list(outcomes[3].refusal.violations) == ["writing.text"]
    ids = {outcome.accepted.job.id for outcome in outcomes[4:199]}
    assert len(ids) == 195
    for item, outcome in zip(fresh, outcomes[4:199], strict=True):
        assert outcome.accepted.job.request_id == item.request_id
        assert not outcome.accepted.deduplicated
    first, second = outcomes[199].accepted, outcomes[200].accepted
    assert first.job.id == second.job.id
    assert sorted([first.deduplicated, second.deduplicated]) == [False, True]


def test_a_batch_has_a_size(door: Door) -> None:
    request = messages.BatchSubmitJobsRequest()
    refused = refusal(lambda: door.grading.BatchSubmitJobs(request))
    assert (refused.code, tuple(refused.fields)) == (StatusCode.INVALID_ARGUMENT, ("requests",))
    request.requests.extend([submission()] * 1001)
    refused = refusal(lambda: door.grading.BatchSubmitJobs(request))
    assert (refused.code, tuple(refused.fields)) == (StatusCode.INVALID_ARGUMENT, ("requests",))


def test_a_full_backlog_refuses_work_and_takes_it_again_when_there_is_room(stack: Stack) -> None:
    server = stack.start_server(GRADING_MAX_BACKLOG="5", GRADING_POLL_SECONDS="0.2")
    grading = server.door.grading
    for _ in range(3):
        grading.SubmitJob(submission())
    whole = messages.BatchSubmitJobsRequest(requests=[submission() for _ in range(3)])
    refused = refusal(lambda: grading.BatchSubmitJobs(whole))
    assert refused.code is StatusCode.RESOURCE_EXHAUSTED
    assert refused.reason == "ERROR_REASON_BACKLOG_FULL"
    assert refused.metadata == {"skill": "SKILL_WRITING", "backlog": "3"}
    assert refused.retry_after is not None
    assert stack.database.counts()["jobs"] == 3
    for _ in range(2):
        grading.SubmitJob(submission())
    one = submission()
    assert refusal(lambda: grading.SubmitJob(one)).code is StatusCode.RESOURCE_EXHAUSTED

    stack.start_worker()
    for job in grading.ListJobs(messages.ListJobsRequest()).jobs:
        assert server.door.watch(job.id).wait().code is StatusCode.OK

    def there_is_room() -> bool:
        try:
            return not grading.SubmitJob(one).deduplicated
        except grpc.RpcError as error:
            assert refused_with(error).code is StatusCode.RESOURCE_EXHAUSTED
            return False

    until(there_is_room)


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
