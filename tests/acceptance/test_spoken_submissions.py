"""Submitting recordings: which are taken, what each refusal names, and what goes with a job."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from grpc import StatusCode

from tests.stack.door import Door, Refused, assert_invalid, refusal
from tests.stack.recordings import files_left, rows_left
from tests.stack.stack import Stack
from tests.stack.submissions import spoken, submission
from tests.stack.uploading import upload
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.error_pb2 import (
    ERROR_REASON_AUDIO_NOT_FOUND,
    ERROR_REASON_GRADER_FAILED,
    ERROR_REASON_INVALID_FIELD,
)
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    JOB_STATE_QUEUED,
    SKILL_SPEAKING,
    SPEAKING_PART_SOCIAL_INTERACTION,
    Job,
)

URL = "https://media.example.org/a.webm"


def _submit(door: Door, request: messages.SubmitJobRequest) -> Job:
    return door.grading.SubmitJob(request).job


def _ended(door: Door, job: Job) -> Job:
    return door.grading.WaitJob(messages.WaitJobRequest(job_id=job.id), timeout=30).job


def _erase(door: Door, job: Job) -> None:
    door.grading.DeleteJob(messages.DeleteJobRequest(job_id=job.id))


def _key(stack: Stack, audio_id: str) -> str | None:
    """Where an uploaded recording lies; None where there is none any more."""
    if UUID(audio_id) not in rows_left(stack.database):
        return None
    key = f"uploads/{audio_id}"
    assert key in files_left(stack.recordings)
    return key


def test_a_recording_is_submitted_and_graded(door: Door) -> None:
    job = _submit(door, spoken(upload(door).audio_id))
    assert (job.state, job.skill) == (JOB_STATE_QUEUED, SKILL_SPEAKING)
    assert job.speaking_part == SPEAKING_PART_SOCIAL_INTERACTION
    assert not job.HasField("writing_task")
    assert job.deadline.seconds - job.accept_time.seconds == 3600
    ended = _ended(door, job)
    assert ended.state == JOB_STATE_COMPLETED
    listed = door.grading.ListJobs(messages.ListJobsRequest(skill=SKILL_SPEAKING)).jobs
    assert job.id in [one.id for one in listed]


def test_a_repeated_submission_is_the_same_job(door: Door) -> None:
    request = spoken(upload(door).audio_id)
    job = _submit(door, request)
    repeated = door.grading.SubmitJob(request)
    assert (repeated.job.id, repeated.deduplicated) == (job.id, True)
    other = messages.SubmitJobRequest()
    other.CopyFrom(request)
    other.speaking.audio_id = upload(door).audio_id
    assert refusal(lambda: door.grading.SubmitJob(other)).code is StatusCode.ALREADY_EXISTS


Change = Callable[[messages.SubmitJobRequest], object]


def _url(url: str) -> Change:
    return lambda request: setattr(request.speaking, "audio_url", url)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda request: request.speaking.ClearField("audio_id"), "speaking.recording"),
        (lambda request: setattr(request.speaking, "audio_id", ""), "speaking.audio_id"),
        (lambda request: setattr(request.speaking, "audio_id", "mine"), "speaking.audio_id"),
        (lambda request: setattr(request.speaking, "part", 0), "speaking.part"),
        (lambda request: setattr(request.speaking, "part", 4), "speaking.part"),
        (lambda request: setattr(request.prompt, "text", " "), "prompt.text"),
        (_url(""), "speaking.audio_url"),
        (_url("a.webm"), "speaking.audio_url"),
        (_url("//media.example.org/a.webm"), "speaking.audio_url"),
        (_url("http://media.example.org/a.webm"), "speaking.audio_url"),
        (_url("ftp://media.example.org/a.webm"), "speaking.audio_url"),
        (_url("file:///etc/passwd"), "speaking.audio_url"),
        (_url("data:audio/webm;base64,AAAA"), "speaking.audio_url"),
        (_url("javascript:https://media.example.org/"), "speaking.audio_url"),
        (_url(" https://media.example.org/a.webm"), "speaking.audio_url"),
        (_url("https://media.example.org/a b.webm"), "speaking.audio_url"),
        (_url("https://media.example.org/bài.webm"), "speaking.audio_url"),
        (_url("https://media.example.org/\n"), "speaking.audio_url"),
        (_url("https://media.example.org/\x00"), "speaking.audio_url"),
        (_url("https://media.example.org/%zz"), "speaking.audio_url"),
        (_url(URL + "x" * 2_000), "speaking.audio_url"),
    ],
)
def test_a_submission_that_breaks_a_rule(
    change: Change, field: str, door: Door, standing_stack: Stack
) -> None:
    before = standing_stack.database.counts()["jobs"]
    request = spoken(str(uuid4()))
    change(request)
    assert_invalid(refusal(lambda: door.grading.SubmitJob(request)), field)
    assert standing_stack.database.counts()["jobs"] == before


@pytest.mark.parametrize("url", [URL, URL.replace("https", "HTTPS"), f"{URL}?a=b&c=%20#d"])
def test_an_address_that_keeps_the_rules_is_taken(url: str, door: Door) -> None:
    """Whether it may be fetched from is for the worker to say."""
    job = _submit(door, spoken(audio_url=url))
    assert job.state == JOB_STATE_QUEUED
    _erase(door, job)


def test_of_two_places_of_a_recording_the_last_one_counts(door: Door) -> None:
    """As with every oneof: no message can hold both, whatever its bytes say."""
    request = spoken(str(uuid4()))
    both = request.SerializeToString()
    part = request.speaking.SerializeToString()
    url = b"\x1a" + bytes([len(URL)]) + URL.encode()
    work = b"\x42" + bytes([len(part)]) + part
    assert work in both
    sent = both.replace(work, b"\x42" + bytes([len(part + url)]) + part + url)
    call: Any = door.channel.unary_unary(
        "/vstep.grading.v1.GradingService/SubmitJob",
        response_deserializer=messages.SubmitJobResponse.FromString,
    )
    job = call(sent).job
    assert job.state == JOB_STATE_QUEUED
    _erase(door, job)


def _assert_not_found(refused: Refused, audio_id: str) -> None:
    assert refused.code is StatusCode.FAILED_PRECONDITION
    assert refused.reason == "ERROR_REASON_AUDIO_NOT_FOUND"
    assert refused.metadata == {"audio_id": audio_id, "field": "speaking.audio_id"}
    assert refused.retry_after is None


def test_a_recording_that_nobody_uploaded(door: Door) -> None:
    audio_id = str(uuid4())
    _assert_not_found(refusal(lambda: _submit(door, spoken(audio_id))), audio_id)


def test_a_recording_of_another_learner(door: Door) -> None:
    audio_id = upload(door, user_id="learner-2").audio_id
    _assert_not_found(refusal(lambda: _submit(door, spoken(audio_id))), audio_id)
    assert _submit(door, spoken(audio_id, user_id="learner-2")).state == JOB_STATE_QUEUED


def test_a_recording_goes_with_the_last_job_that_names_it(
    door: Door, standing_stack: Stack
) -> None:
    audio_id = upload(door).audio_id
    first, second = (_submit(door, spoken(audio_id)) for _ in range(2))
    for job in (first, second):
        assert _ended(door, job).state == JOB_STATE_COMPLETED
    _erase(door, first)
    assert _key(standing_stack, audio_id)
    _erase(door, second)
    assert _key(standing_stack, audio_id) is None
    assert f"uploads/{audio_id}" not in files_left(standing_stack.recordings)
    _assert_not_found(refusal(lambda: _submit(door, spoken(audio_id))), audio_id)
    # Erasing again changes nothing, here neither.
    _erase(door, second)


def test_a_recording_goes_with_a_job_that_is_being_graded(
    door: Door, standing_stack: Stack
) -> None:
    audio_id = upload(door).audio_id
    job = _submit(door, spoken(audio_id, prompt="slow:20"))
    watcher = door.watch(job.id)
    while not watcher.events or watcher.events[-1].run == 0:
        assert watcher.end is None
    _erase(door, job)
    assert watcher.wait(5).code is StatusCode.NOT_FOUND
    assert _key(standing_stack, audio_id) is None
    assert f"uploads/{audio_id}" not in files_left(standing_stack.recordings)
    # The worker let go of it, long before it would have been done.
    following = _submit(door, spoken(upload(door).audio_id))
    assert _ended(door, following).state == JOB_STATE_COMPLETED


def test_a_failed_job_is_retried_on_the_same_recording(door: Door, standing_stack: Stack) -> None:
    audio_id = upload(door).audio_id
    failed = _ended(door, _submit(door, spoken(audio_id, prompt="boom")))
    assert (failed.state, failed.error.reason) == (JOB_STATE_FAILED, ERROR_REASON_GRADER_FAILED)
    request = messages.RetryJobRequest(request_id=str(uuid4()), job_id=failed.id)
    retry = door.grading.RetryJob(request).job
    assert (retry.retry_of, retry.attempt) == (failed.id, 2)
    assert retry.speaking_part == failed.speaking_part
    assert _ended(door, retry).state == JOB_STATE_FAILED
    named = standing_stack.database.rows(
        "SELECT recording_id FROM answers WHERE job_id = ANY(%s)",
        [UUID(failed.id), UUID(retry.id)],
    )
    assert [str(row["recording_id"]) for row in named] == [audio_id] * 2
    _erase(door, failed)
    assert _key(standing_stack, audio_id)
    _erase(door, retry)
    assert _key(standing_stack, audio_id) is None


def test_a_batch_has_an_outcome_for_each_recording(door: Door) -> None:
    missing = str(uuid4())
    requests = [
        spoken(upload(door).audio_id),
        spoken(missing),
        submission(),
        spoken(audio_url="http://media.example.org/a.webm"),
        spoken(upload(door, user_id="learner-2").audio_id),
    ]
    outcomes = door.grading.BatchSubmitJobs(
        messages.BatchSubmitJobsRequest(requests=requests)
    ).outcomes
    assert [one.WhichOneof("outcome") for one in outcomes] == [
        "accepted", "refusal", "accepted", "refusal", "refusal",
    ]  # fmt: skip
    assert outcomes[1].refusal.reason == ERROR_REASON_AUDIO_NOT_FOUND
    assert outcomes[1].refusal.metadata["audio_id"] == missing
    assert outcomes[3].refusal.reason == ERROR_REASON_INVALID_FIELD
    assert list(outcomes[3].refusal.violations) == ["speaking.audio_url"]
    assert outcomes[4].refusal.reason == ERROR_REASON_AUDIO_NOT_FOUND
    for one in (outcomes[0], outcomes[2]):
        assert _ended(door, one.accepted.job).state == JOB_STATE_COMPLETED
