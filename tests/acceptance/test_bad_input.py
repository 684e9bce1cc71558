"""Each bad input gets a clear status with the field named, and leaves nothing behind."""

import base64
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from tests.stack.door import Door, Refused, assert_invalid, refusal
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_QUEUED, JOB_STATE_UNSPECIFIED

MALFORMED = "ERROR_REASON_MALFORMED_MESSAGE"

SERVICE = "/vstep.grading.v1.GradingService"

Change = Callable[[messages.SubmitJobRequest], object]


@pytest.fixture(autouse=True)
def nothing_left_behind(standing_stack: Stack, door: Door) -> Iterator[None]:
    """No bad input adds a row."""
    before = standing_stack.database.counts()
    yield
    assert standing_stack.database.counts() == before


def _text(value: str) -> Change:
    return lambda request: setattr(request.writing, "text", value)


def _field(name: str, value: object) -> Change:
    return lambda request: setattr(request, name, value)


def _labels(labels: dict[str, str]) -> Change:
    return lambda request: request.labels.update(labels)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_text(""), "writing.text"),
        (_text(" \n\t "), "writing.text"),
        (_text("x" * 20_001), "writing.text"),
        (_text("ạ" * 20_001), "writing.text"),
        (_text("An essay\x00 with a NUL."), "writing.text"),
        (lambda request: setattr(request.writing, "task", 0), "writing.task"),
        (lambda request: setattr(request.writing, "task", 3), "writing.task"),
        (lambda request: request.ClearField("writing"), "work"),
        (lambda request: request.ClearField("prompt"), "prompt"),
        (lambda request: setattr(request.prompt, "text", ""), "prompt.text"),
        (lambda request: setattr(request.prompt, "text", "  "), "prompt.text"),
        (lambda request: setattr(request.prompt, "text", "x" * 5_001), "prompt.text"),
        (lambda request: setattr(request.prompt, "text", "a\x00b"), "prompt.text"),
        (lambda request: request.prompt.requirements.append(""), "prompt.requirements[1]"),
        (lambda request: request.prompt.requirements.append("a\x00"), "prompt.requirements[1]"),
        (lambda request: request.prompt.requirements.extend(["x"] * 10), "prompt.requirements"),
        (_field("request_id", ""), "request_id"),
        (_field("request_id", "no-uuid"), "request_id"),
        (_field("request_id", "0197f5c2-7b4e-7d6a-9c1e-4f0a1b2c3d4"), "request_id"),
        (_field("submission_id", ""), "submission_id"),
        (_field("submission_id", "a b"), "submission_id"),
        (_field("submission_id", "x" * 129), "submission_id"),
        (_field("submission_id", "a\n"), "submission_id"),
        (_field("user_id", ""), "user_id"),
        (_field("user_id", "người học"), "user_id"),
        (_field("user_id", "a\x00"), "user_id"),
        (_field("attempt", 0), "attempt"),
        (_field("attempt", -1), "attempt"),
        (_field("attempt", 1_001), "attempt"),
        (_labels({f"label_{number}": "x" for number in range(9)}), "labels"),
        # A name that breaks its rule is not said again: it may hold anything.
        (_labels({"": "x"}), "labels"),
        (_labels({"First-Language": "vi"}), "labels"),
        (_labels({"1st": "vi"}), "labels"),
        (_labels({"a" * 33: "vi"}), "labels"),
        (_labels({"first_language": ""}), 'labels["first_language"]'),
        (_labels({"first_language": "x" * 65}), 'labels["first_language"]'),
        (_labels({"first_language": "v\x00i"}), 'labels["first_language"]'),
    ],
)
def test_a_submission_that_breaks_a_rule(door: Door, change: Change, field: str) -> None:
    request = submission()
    change(request)
    assert_invalid(refusal(lambda: door.grading.SubmitJob(request)), field)


def test_everything_that_is_wrong_is_named_at_once(door: Door) -> None:
    request = submission("")
    request.request_id = "no-uuid"
    request.attempt = 0
    refused = refusal(lambda: door.grading.SubmitJob(request))
    assert_invalid(refused, "request_id", "attempt", "writing.text")


def test_an_unknown_task_is_told_which_there_are(door: Door) -> None:
    request = submission()
    request.writing.task = 7  # type: ignore[assignment]
    described = refusal(lambda: door.grading.SubmitJob(request)).fields["writing.task"]
    assert "WRITING_TASK_LETTER" in described
    assert "WRITING_TASK_ESSAY" in described


def _raw(door: Door, method: str, data: bytes) -> Refused:
    call: Any = door.channel.unary_unary(f"{SERVICE}/{method}")
    return refusal(lambda: call(data))


@pytest.mark.parametrize(
    ("placed", "field"),
    [
        ("An essay.", "writing.text"),
        ("Write an essay.", "prompt.text"),
        ("Give two reasons", "prompt.requirements"),
        ("learner-1", "user_id"),
    ],
)
@pytest.mark.parametrize("broken", [b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80"])
def test_text_that_is_not_utf8(door: Door, placed: str, field: str, broken: bytes) -> None:
    data = submission("An essay.").SerializeToString()
    sound = placed.encode()
    assert data.count(sound) >= 1
    data = data.replace(sound, broken.ljust(len(sound), b"x"))
    assert_invalid(_raw(door, "SubmitJob", data), field, reason=MALFORMED)


@pytest.mark.parametrize("data", [b"\x0a\xff", b"\xff\xff\xff", b"\x07"])
@pytest.mark.parametrize("method", ["SubmitJob", "GetJob", "ListJobs"])
def test_bytes_that_are_no_message(door: Door, method: str, data: bytes) -> None:
    refused = _raw(door, method, data)
    assert refused.code is StatusCode.INVALID_ARGUMENT
    assert (refused.reason, refused.domain) == (MALFORMED, "grading.vstep")


def test_a_stream_refuses_bytes_that_are_no_message_as_well(door: Door) -> None:
    call: Any = door.channel.unary_stream(f"{SERVICE}/WatchJob")
    refused = refusal(lambda: call(b"\x0a\x02\xff\xfe"))
    assert_invalid(refused, "job_id", reason=MALFORMED)


def test_a_message_over_the_size_limit(door: Door) -> None:
    request = submission("x" * (4 * 1024 * 1024))
    refused = refusal(lambda: door.grading.SubmitJob(request))
    assert (refused.code, refused.reason, refused.metadata) == (
        StatusCode.RESOURCE_EXHAUSTED,
        "ERROR_REASON_MESSAGE_TOO_LARGE",
        {"limit_bytes": "4194304"},
    )
    # What is much larger isn't read at all, and gRPC itself says so.
    request = submission("x" * (9 * 1024 * 1024))
    refused = refusal(lambda: door.grading.SubmitJob(request))
    assert (refused.code, refused.reason) == (StatusCode.RESOURCE_EXHAUSTED, "")


ByJob = Callable[[Door, str], Any]

BY_JOB = pytest.mark.parametrize(
    "call",
    [
        lambda door, job_id: door.grading.GetJob(messages.GetJobRequest(job_id=job_id)),
        lambda door, job_id: door.grading.WatchJob(messages.WatchJobRequest(job_id=job_id)),
        lambda door, job_id: door.grading.WaitJob(messages.WaitJobRequest(job_id=job_id)),
        lambda door, job_id: door.grading.GetResult(messages.GetResultRequest(job_id=job_id)),
        lambda door, job_id: door.grading.CancelJob(messages.CancelJobRequest(job_id=job_id)),
    ],
    ids=["GetJob", "WatchJob", "WaitJob", "GetResult", "CancelJob"],
)


@BY_JOB
@pytest.mark.parametrize(
    "job_id", ["", "no-uuid", "{0197f5c2-7b4e-7d6a-9c1e-4f0a1b2c3d4e}", "\x00"]
)
def test_a_job_id_that_is_no_uuid(door: Door, call: ByJob, job_id: str) -> None:
    assert_invalid(refusal(lambda: call(door, job_id)), "job_id")


@BY_JOB
def test_an_unknown_job(door: Door, call: ByJob) -> None:
    unknown = str(uuid4())
    refused = refusal(lambda: call(door, unknown))
    assert refused.code is StatusCode.NOT_FOUND
    assert (refused.reason, refused.domain) == ("ERROR_REASON_JOB_NOT_FOUND", "grading.vstep")
    assert refused.metadata == {"job_id": unknown, "field": "job_id"}


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (messages.ListJobsRequest(page_size=-1), "page_size"),
        (messages.ListJobsRequest(page_size=1_001), "page_size"),
        (messages.ListJobsRequest(page_token="x" * 1_025), "page_token"),
        (messages.ListJobsRequest(user_id="a b"), "user_id"),
        (messages.ListJobsRequest(submission_id="x" * 129), "submission_id"),
        (messages.ListJobsRequest(states=[JOB_STATE_UNSPECIFIED]), "states[0]"),
        (messages.ListJobsRequest(states=[JOB_STATE_QUEUED, JOB_STATE_QUEUED]), "states"),
        (messages.ListJobsRequest(skill=9), "skill"),  # type: ignore[arg-type]
        (messages.ListJobsRequest(accepted_from=Timestamp(seconds=10**15)), "accepted_from"),
        (messages.ListJobsRequest(accepted_before=Timestamp(nanos=-1)), "accepted_before"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_filter_that_breaks_a_rule(
    door: Door, request_: messages.ListJobsRequest, field: str
) -> None:
    assert_invalid(refusal(lambda: door.grading.ListJobs(request_)), field)


@pytest.mark.parametrize(
    "timeout",
    [
        Duration(seconds=301),
        Duration(seconds=-1),
        Duration(seconds=10**15),
        Duration(nanos=-1),
    ],
    ids=str,
)
def test_a_wait_of_no_sensible_length(door: Door, timeout: Duration) -> None:
    request = messages.WaitJobRequest(job_id=str(uuid4()), timeout=timeout)
    assert_invalid(refusal(lambda: door.grading.WaitJob(request)), "timeout")


def test_a_cursor_before_the_beginning(door: Door) -> None:
    request = messages.WatchJobRequest(job_id=str(uuid4()), after_sequence=-1)
    assert_invalid(refusal(lambda: door.grading.WatchJob(request)), "after_sequence")


@pytest.mark.parametrize(
    "token",
    [
        "made-up",
        "ạ",
        base64.urlsafe_b64encode(b"x" * 32).decode(),
        base64.urlsafe_b64encode(b"x").decode(),
    ],
)
def test_a_page_token_that_was_made_up(door: Door, token: str) -> None:
    request = messages.ListJobsRequest(page_token=token)
    assert_invalid(
        refusal(lambda: door.grading.ListJobs(request)),
        "page_token",
        reason="ERROR_REASON_PAGE_TOKEN_INVALID",
    )
