"""Times of requests."""

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from server.exceptions import FieldViolation, InvalidRequest


def moment_from(request: Message, field: str) -> datetime | None:
    """Read a field that holds a time; None where it is left out.

    Raises:
        InvalidRequest: Python has no such time.
    """
    if not request.HasField(field):
        return None
    moment: Timestamp = getattr(request, field)
    try:
        return moment.ToDatetime(UTC)
    except ValueError:
        raise InvalidRequest(
            [FieldViolation(field, "must be a time of the years 1 to 9999")]
        ) from None
