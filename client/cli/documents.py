"""Messages as JSON, for scripts: the contract's field names, every field present."""

import json
import sys
from collections.abc import Iterable

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message


def write_document(message: Message) -> None:
    """Write one message as one JSON document."""
    _write(json.dumps(_plain(message), indent=2))


def write_list(name: str, messages: Iterable[Message]) -> None:
    """Write messages as one JSON document with one list."""
    _write(json.dumps({name: [_plain(message) for message in messages]}, indent=2))


def write_line(message: Message) -> None:
    """Write one message as one line."""
    _write(json.dumps(_plain(message)))


def _plain(message: Message) -> object:
    # A score of 0 is a score: fields that hold their zero value are written, too.
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def _write(text: str) -> None:
    # A line that is still in a buffer is no use to whoever follows a job.
    print(text, file=sys.stdout, flush=True)
