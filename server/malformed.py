"""Finding the field that keeps bytes from being a message.

protobuf refuses a string that is not UTF-8 without naming the field. The wire
format itself is still sound then, so the fields can be walked by number.
"""

from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from server.exceptions import FieldViolation, MalformedRequest

M = TypeVar("M", bound=Message)

_LENGTH_DELIMITED = 2


def parse(kind: type[M], data: bytes) -> M:
    """Parse ``data`` as a message of ``kind``.

    Raises:
        MalformedRequest: it is none; the error names the field where that is known.
    """
    try:
        return kind.FromString(data)
    except DecodeError:
        raise MalformedRequest(_find(kind.DESCRIPTOR, data, "")) from None


def _find(descriptor: Any, data: bytes, path: str) -> FieldViolation | None:
    try:
        # A message without fields takes every field as an unknown one.
        unknown: Any = UnknownFieldSet(Empty.FromString(data))
    except DecodeError:
        return None
    for found in unknown:
        field = descriptor.fields_by_number.get(found.field_number)
        if field is None or found.wire_type != _LENGTH_DELIMITED:
            continue
        name = f"{path}{field.name}"
        if field.type == FieldDescriptor.TYPE_STRING:
            try:
                found.data.decode()
            except UnicodeDecodeError:
                return FieldViolation(name, "must be valid UTF-8")
        elif field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type is not None:
            inner = _find(field.message_type, found.data, f"{name}.")
            if inner is not None:
                return inner
    return None
