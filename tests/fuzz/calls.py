"""Each method of the services, called with bytes, and what may be answered."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.messages import Names, messages
from tests.stack.door import Door, refused_with
from vstep.grading.v1 import grading_service_pb2, review_service_pb2

#: A call that waits, or a stream that stays open, is left after so long, in seconds.
PATIENCE = 0.2
#: Answers of a stream that are read.
_READ = 20
#: What a fault of the service itself would be told as.
FAULTS = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS})
#: What only the inside of the service says.
INSIDE = ("Traceback", 'File "', ".py", "Error(", "psycopg", "sqlalchemy", "SELECT ", "INSERT ")


@dataclass(frozen=True)
class Method:
    """A method, by its path."""

    path: str
    descriptor: MethodDescriptor

    def __str__(self) -> str:
        return self.path.rpartition("/")[2]


def methods() -> list[Method]:
    """The methods of all services."""
    services: tuple[Any, ...] = (
        grading_service_pb2.DESCRIPTOR.services_by_name["GradingService"],
        review_service_pb2.DESCRIPTOR.services_by_name["ReviewService"],
        health_pb2.DESCRIPTOR.services_by_name["Health"],
        reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"],
    )
    return [
        Method(f"/{service.full_name}/{method.name}", method)
        for service in services
        for method in service.methods
    ]


def assert_told_well(code: grpc.StatusCode, message: str, details: str) -> None:
    """Assert that a refusal is the caller's fault, and says nothing of the inside."""
    assert code not in FAULTS, (code, message)
    for word in INSIDE:
        assert word not in message + details, (code, message, details)


def fuzz(door: Door, method: Method, known: Names, number: int, examples: int) -> None:
    """Call a method with ``examples`` requests made from ``number``.

    Raises:
        AssertionError: an answer was none that may be given.
    """
    kind = messages(method.descriptor.input_type, known)
    requests = st.lists(kind, max_size=4) if method.descriptor.client_streaming else kind

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests)
    def holds(request: Any) -> None:
        _call(door, method, request)

    holds()


def _call(door: Door, method: Method, request: Any) -> None:
    channel, descriptor = door.channel, method.descriptor
    called: Any = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, False): channel.stream_unary,
        (True, True): channel.stream_stream,
    }[descriptor.client_streaming, descriptor.server_streaming](method.path)
    sent = iter(request) if descriptor.client_streaming else request
    # What waits is left soon, and everything else has the time that a busy machine takes.
    waits = str(method) in ("Watch", "WatchJob", "WatchJobs", "WaitJob")
    try:
        answer: Any = called(sent, timeout=PATIENCE if waits else 20)
        if descriptor.server_streaming:
            try:
                list(islice(answer, _READ))
            finally:
                answer.cancel()
    except grpc.RpcError as error:
        refused = refused_with(error)
        assert_told_well(refused.code, refused.message, repr(refused))
        if not waits:
            assert refused.code not in (
                grpc.StatusCode.DEADLINE_EXCEEDED,
                grpc.StatusCode.UNAVAILABLE,
                grpc.StatusCode.CANCELLED,
            ), refused
