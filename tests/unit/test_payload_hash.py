"""What makes a repeated submission equal to the first one."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from server.grading_service import payload_hash
from tests.stack.submissions import submission
from vstep.grading.v1.grading_service_pb2 import SubmitJobRequest
from vstep.grading.v1.result_pb2 import (
    FEEDBACK_LANGUAGE_ENGLISH,
    FEEDBACK_LANGUAGE_VIETNAMESE,
)


def _copy(request: SubmitJobRequest) -> SubmitJobRequest:
    copied = SubmitJobRequest()
    copied.CopyFrom(request)
    return copied


def test_the_request_id_does_not_count() -> None:
    request = submission()
    other = _copy(request)
    other.request_id = str(uuid4())
    assert payload_hash(other) == payload_hash(request)
    assert len(payload_hash(request)) == 32


def test_the_request_is_left_as_it_was() -> None:
    request = submission()
    before = _copy(request)
    payload_hash(request)
    assert request == before


@pytest.mark.parametrize(
    "change",
    [
        lambda request: setattr(request, "submission_id", "other"),
        lambda request: setattr(request, "user_id", "other"),
        lambda request: setattr(request, "attempt", 2),
        lambda request: setattr(request.prompt, "text", "other"),
        lambda request: request.prompt.requirements.append("other"),
        lambda request: setattr(request, "feedback_language", FEEDBACK_LANGUAGE_VIETNAMESE),
        lambda request: setattr(request.writing, "task", 1),
        lambda request: setattr(request.writing, "text", request.writing.text + " "),
        lambda request: request.labels.update({"first_language": "vi"}),
    ],
)
def test_everything_else_counts(change: Callable[[SubmitJobRequest], object]) -> None:
    request = submission()
    other = _copy(request)
    change(other)
    assert payload_hash(other) != payload_hash(request)


def test_labels_are_in_no_order() -> None:
    one, other = submission(), SubmitJobRequest()
    other.CopyFrom(one)
    one.labels.update({"a": "1", "b": "2"})
    other.labels.update({"b": "2"})
    other.labels.update({"a": "1"})
    assert payload_hash(one) == payload_hash(other)


def test_english_is_what_no_language_means() -> None:
    request = submission()
    other = _copy(request)
    other.feedback_language = FEEDBACK_LANGUAGE_ENGLISH
    assert payload_hash(other) == payload_hash(request)
