"""How the service is, by the names that its health service knows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

#: What is typed, and what the health service calls it.
SERVICES = {
    "liveness": "",
    "readiness": "vstep.grading.v1.GradingService",
    "postgres": "postgres",
    "rabbitmq": "rabbitmq",
    "workers": "workers",
}


class Status(StrEnum):
    """What became of the question how a name is."""

    SERVING = "SERVING"
    NOT_SERVING = "NOT_SERVING"
    #: The service knows no such name.
    SERVICE_UNKNOWN = "SERVICE_UNKNOWN"
    #: The service gave no answer.
    UNREACHABLE = "UNREACHABLE"


_SAID = {
    health_pb2.HealthCheckResponse.SERVING: Status.SERVING,
    health_pb2.HealthCheckResponse.SERVICE_UNKNOWN: Status.SERVICE_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Health:
    """How a name is."""

    #: As it was typed.
    name: str
    status: Status
    #: Why there was no answer; empty where there was one.
    cause: str = ""

    @property
    def serving(self) -> bool:
        """Whether all is well."""
        return self.status is Status.SERVING

    def __str__(self) -> str:
        cause = f" ({self.cause})" if self.cause else ""
        return f"{self.name or 'liveness'}: {self.status}{cause}"


def ask(channel: grpc.Channel, name: str, seconds: float) -> Health:
    """Ask how ``name`` is; takes ``seconds`` at the most, connecting included.

    A name of ``SERVICES``, or any other, which is then sent as it stands.
    """
    stub: Any = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service=SERVICES.get(name, name))
    try:
        answer = stub.Check(request, timeout=seconds)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return Health(name, Status.SERVICE_UNKNOWN)
        cause = " ".join((error.details() or "").split())
        return Health(name, Status.UNREACHABLE, f"{error.code().name}: {cause}")
    return Health(name, _SAID.get(answer.status, Status.NOT_SERVING))
