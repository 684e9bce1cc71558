"""Batches: an outcome for each item, and one answer for all where there is no room."""

import time
from functools import partial
from uuid import uuid4

from grpc import StatusCode

from tests.stack.door import Door, assert_invalid, refusal
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.error_pb2 import (
    ERROR_REASON_ATTEMPT_EXISTS,
    ERROR_REASON_INVALID_FIELD,
    ERROR_REASON_REQUEST_ID_REUSED,
)
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED

BACKLOG = 20


def _batch(
    door: Door, requests: list[messages.SubmitJobRequest]
) -> list[messages.BatchSubmitOutcome]:
    answer = door.grading.BatchSubmitJobs(messages.BatchSubmitJobsRequest(requests=requests))
    return list(answer.outcomes)


def _changed(request: messages.SubmitJobRequest, **fields: object) -> messages.SubmitJobRequest:
    changed = messages.SubmitJobRequest()
    changed.CopyFrom(request)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def test_each_item_has_its_outcome_in_its_place(standing_stack: Stack, door: Door) -> None:
    earlier = submission()
    earlier_id = door.grading.SubmitJob(earlier).job.id
    requests = [submission(f"Item {number}.") for number in range(200)]
    requests[10] = _changed(requests[10], user_id="")
    requests[20] = _changed(requests[20], request_id="no uuid")
    requests[30] = earlier
    requests[40] = _changed(earlier, attempt=2)
    requests[50] = _changed(earlier, request_id=str(uuid4()))
    requests[60] = requests[0]
    requests[70] = _changed(requests[1], user_id="somebody-else")
    requests[80] = _changed(requests[2], request_id=str(uuid4()))
    # Of two request ids for one attempt, the smaller stands, wherever it is.
    refused_attempt = max((2, 80), key=lambda number: requests[number].request_id)
    before = standing_stack.database.counts()["jobs"]

    outcomes = _batch(door, requests)

    assert len(outcomes) == 200
    refusals = {
        number: outcome.refusal
        for number, outcome in enumerate(outcomes)
        if outcome.HasField("refusal")
    }
    assert {number: refused.reason for number, refused in refusals.items()} == {
        10: ERROR_REASON_INVALID_FIELD,
        20: ERROR_REASON_INVALID_FIELD,
        40: ERROR_REASON_REQUEST_ID_REUSED,
        50: ERROR_REASON_ATTEMPT_EXISTS,
        70: ERROR_REASON_REQUEST_ID_REUSED,
        refused_attempt: ERROR_REASON_ATTEMPT_EXISTS,
    }
    assert all(refused.message for refused in refusals.values())
    assert set(refusals[10].violations) == {"user_id"}
    assert set(refusals[20].violations) == {"request_id"}
    assert refusals[50].metadata["job_id"] == earlier_id
    accepted = {
        number: outcome.accepted
        for number, outcome in enumerate(outcomes)
        if outcome.HasField("accepted")
    }
    assert {number for number, answer in accepted.items() if answer.deduplicated} == {30, 60}
    assert accepted[30].job.id == earlier_id
    assert accepted[60].job.id == accepted[0].job.id
    for number, answer in accepted.items():
        assert answer.job.request_id == requests[number].request_id
        assert answer.job.submission_id == requests[number].submission_id
    new = {answer.job.id for answer in accepted.values() if not answer.deduplicated}
    assert len(new) == 192
    assert standing_stack.database.counts()["jobs"] == before + 192
    for number in (0, 199):
        wanted = messages.WaitJobRequest(job_id=accepted[number].job.id)
        assert door.grading.WaitJob(wanted).job.state == JOB_STATE_COMPLETED


def test_a_repeated_batch_finds_its_jobs(door: Door) -> None:
    requests = [submission() for _ in range(5)]
    first = _batch(door, requests)
    again = _batch(door, requests)
    assert [outcome.accepted.deduplicated for outcome in again] == [True] * 5
    assert [outcome.accepted.job.id for outcome in again] == [
        outcome.accepted.job.id for outcome in first
    ]


def test_a_batch_of_nothing_but_faults_is_answered(door: Door) -> None:
    [outcome] = _batch(door, [messages.SubmitJobRequest()])
    assert outcome.refusal.reason == ERROR_REASON_INVALID_FIELD


def test_a_batch_is_neither_empty_nor_endless(standing_stack: Stack, door: Door) -> None:
    before = standing_stack.database.counts()["jobs"]
    for count in (0, 1001):
        requests = [submission() for _ in range(count)]
        assert_invalid(refusal(partial(_batch, door, requests)), "requests")
    assert standing_stack.database.counts()["jobs"] == before


def _fill(server: Server, stack: Stack) -> None:
    outcomes = _batch(server.door, [submission() for _ in range(BACKLOG - 2)])
    assert all(outcome.HasField("accepted") for outcome in outcomes)
    _await_count(stack)


def _await_count(stack: Stack) -> None:
    """A count under way misses what is accepted meanwhile; the next one doesn't."""
    time.sleep(3 * float(stack.settings["GRADING_POLL_SECONDS"]))


def test_a_full_backlog_refuses_the_whole_batch(stack: Stack) -> None:
    server = stack.start_server(GRADING_MAX_BACKLOG=str(BACKLOG))
    _fill(server, stack)
    before = stack.database.counts()

    refused = refusal(lambda: _batch(server.door, [submission() for _ in range(3)]))

    assert refused.code is StatusCode.RESOURCE_EXHAUSTED
    assert (refused.reason, refused.domain) == ("ERROR_REASON_BACKLOG_FULL", "grading.vstep")
    assert refused.metadata == {"skill": "SKILL_WRITING", "backlog": str(BACKLOG - 2)}
    assert refused.retry_after is not None
    assert refused.retry_after > 0
    assert stack.database.counts() == before
    assert len(_batch(server.door, [submission() for _ in range(2)])) == 2


def test_a_full_backlog_refuses_single_jobs_until_workers_catch_up(stack: Stack) -> None:
    server = stack.start_server(GRADING_MAX_BACKLOG=str(BACKLOG))
    _fill(server, stack)
    for _ in range(2):
        server.door.grading.SubmitJob(submission())
    _await_count(stack)
    refused = refusal(lambda: server.door.grading.SubmitJob(submission()))
    assert (refused.code, refused.reason) == (
        StatusCode.RESOURCE_EXHAUSTED, "ERROR_REASON_BACKLOG_FULL",
    )  # fmt: skip
    assert stack.database.counts()["jobs"] == BACKLOG

    stack.start_worker()
    until(lambda: stack.database.counts()["outbox"] == 0)
    _await_count(stack)
    assert server.door.grading.SubmitJob(submission()).job.id
