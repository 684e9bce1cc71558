"""Finding the field that keeps bytes from being a message."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from server.exceptions import FieldViolation, MalformedRequest
from server.malformed import parse
from tests.stack.submissions import submission
from vstep.grading.v1.grading_service_pb2 import SubmitJobRequest

SOUND = submission().SerializeToString()


@pytest.mark.parametrize(
    ("sound", "field"),
    [
        ("Graded at once.", "writing.text"),
        ("Write an essay.", "prompt.text"),
        ("Give two reasons", "prompt.requirements"),
        ("learner-1", "user_id"),
        ("submission-", "submission_id"),
    ],
)
def test_the_field_is_named(sound: str, field: str) -> None:
    data = submission().SerializeToString()
    broken = data.replace(sound.encode(), b"\xff".ljust(len(sound), b"x"))
    assert broken != data
    with pytest.raises(MalformedRequest) as malformed:
        parse(SubmitJobRequest, broken)
    assert malformed.value.violation == FieldViolation(field, "must be valid UTF-8")


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\xff", b"\x0a\x05abc", b"\x07"])
def test_a_broken_encoding_names_none(data: bytes) -> None:
    with pytest.raises(MalformedRequest) as malformed:
        parse(SubmitJobRequest, data)
    assert malformed.value.violation is None


def test_sound_bytes_are_read() -> None:
    request = submission("Chào buổi sáng ☀")
    assert parse(SubmitJobRequest, request.SerializeToString()) == request


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_malformed(data: bytes) -> None:
    try:
        read = parse(SubmitJobRequest, data)
    except MalformedRequest:
        with pytest.raises(DecodeError):
            SubmitJobRequest.FromString(data)
    else:
        assert read == SubmitJobRequest.FromString(data)


@given(st.data())
def test_a_message_with_a_byte_changed_never_breaks_the_finder(data: st.DataObject) -> None:
    sound = bytearray(SOUND)
    place = data.draw(st.integers(0, len(sound) - 1))
    sound[place] = data.draw(st.integers(0, 255))
    try:
        parse(SubmitJobRequest, bytes(sound))
    except MalformedRequest as malformed:
        assert malformed.violation is None or malformed.violation.field
