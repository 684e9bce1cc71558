"""A request as the provider got it, and how it ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.stack.provider.form import Form, read_form


@dataclass
class Call:
    """What a client asked, and whether it stayed for the answer."""

    method: str
    #: Without the query.
    path: str
    #: Under lower-case names.
    headers: Mapping[str, str]
    #: The body as it came.
    raw: bytes
    #: When the whole request was there, by the monotonic clock.
    received_at: float
    #: When the script had been played, or the client was found gone; None until then.
    ended_at: float | None = None
    #: The client closed the connection before the answer was written.
    hung_up: bool = False

    @cached_property
    def body(self) -> dict[str, Any]:
        """The fields of a JSON body; none where the body is something else."""
        try:
            parsed = json.loads(self.raw)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @cached_property
    def form(self) -> Form:
        """The parts of a form with files; none where the body is something else."""
        return read_form(self.headers.get("content-type", ""), self.raw)

    @property
    def seconds(self) -> float:
        """How long it was open, once it has ended."""
        assert self.ended_at is not None, "the request is still open"
        return self.ended_at - self.received_at

    @property
    def model(self) -> str:
        """The model that is asked, or an empty name."""
        [sent] = self.form.fields.get("model", [""])
        return str(self.body.get("model", sent))

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation so far."""
        return list(self.body.get("messages", []))

    @property
    def response_format(self) -> dict[str, Any] | None:
        """The form that the answer must have, where one was asked for."""
        return self.body.get("response_format")
