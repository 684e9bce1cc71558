"""A failed call is read from the status that the service sent."""

from typing import Any

import grpc
import pytest
from google.rpc.status_pb2 import Status

from client.client import GradingClient
from client.errors import CallRefused, Violation, refusal_of
from tests.unit.client.scripted_server import JOB_ID, Refuse, ScriptedServer

Metadata = tuple[tuple[str, str | bytes], ...]


class FailedCall(grpc.Call, grpc.RpcError):
    """What a call of gRPC raises, made by hand."""

    def __init__(self, code: grpc.StatusCode, trailing: Metadata) -> None:
        self._code = code
        self._trailing = trailing

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return "said by gRPC"

    def trailing_metadata(self) -> Any:
        return self._trailing

    def initial_metadata(self) -> Metadata:
        return ()

    def is_active(self) -> bool:
        return False

    def time_remaining(self) -> float:
        return 0.0

    def cancel(self) -> bool:
        return False

    def add_callback(self, *_: object) -> bool:
        return False


def test_reads_every_detail(server: ScriptedServer, client: GradingClient) -> None:
    server.answers["GetJob"] = [
        Refuse(
            grpc.StatusCode.INVALID_ARGUMENT,
            "job_id: must be a valid UUID",
            "ERROR_REASON_INVALID_FIELD",
            violations=(("job_id", "must be a valid UUID"),),
            metadata={"field": "job_id"},
        )
    ]
    with pytest.raises(CallRefused) as caught:
        client.get(JOB_ID)
    refused = caught.value
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.reason == "ERROR_REASON_INVALID_FIELD"
    assert refused.violations == (Violation("job_id", "must be a valid UUID"),)
    assert refused.metadata == {"field": "job_id"}
    assert refused.retry_after is None
    assert str(refused) == "job_id: must be a valid UUID (ERROR_REASON_INVALID_FIELD)"


def test_reads_the_delay_that_the_service_asks_for(server: ScriptedServer) -> None:
    server.answers["GetJob"] = [Refuse(grpc.StatusCode.UNAVAILABLE, retry_after=1.5)]
    with (
        GradingClient(server.address, deadline=1) as client,
        pytest.raises(CallRefused) as caught,
    ):
        client.get(JOB_ID)
    assert caught.value.retry_after == 1.5


@pytest.mark.parametrize(
    "details",
    [b"\xff not a message", Status(code=5, message="another").SerializeToString(), b""],
    ids=["unreadable", "contradicting", "empty"],
)
def test_details_that_make_no_sense_are_left_out(details: bytes) -> None:
    failed = FailedCall(grpc.StatusCode.UNAVAILABLE, (("grpc-status-details-bin", details),))
    refused = refusal_of(failed)
    assert (refused.code, refused.message) == (grpc.StatusCode.UNAVAILABLE, "said by gRPC")
    assert refused.reason == ""


@pytest.mark.parametrize(
    ("refused", "passing"),
    [
        (CallRefused(grpc.StatusCode.UNAVAILABLE, "", ""), True),
        (CallRefused(grpc.StatusCode.CANCELLED, "", ""), True),
        (CallRefused(grpc.StatusCode.INTERNAL, "", "Received RST_STREAM"), True),
        (CallRefused(grpc.StatusCode.INTERNAL, "", "a fault"), False),
        (CallRefused(grpc.StatusCode.INTERNAL, "ERROR_REASON_INTERNAL", "RST_STREAM"), False),
        (CallRefused(grpc.StatusCode.NOT_FOUND, "", ""), False),
    ],
)
def test_tells_passing_faults_from_lasting_ones(refused: CallRefused, passing: bool) -> None:
    assert refused.passing is passing
