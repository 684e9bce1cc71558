"""A real gRPC server on a loopback port whose health is what a test says."""

import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class ScriptedHealth(health_pb2_grpc.HealthServicer):
    """Answers with the status that a test set."""

    def __init__(self) -> None:
        self.status: dict[str, Any] = {}
        #: Set while the server answers; cleared, it takes calls and is silent.
        self.answering = threading.Event()
        self.answering.set()
        self.address = ""

    def Check(self, request: Any, context: Any) -> Any:
        self.answering.wait(10)
        if request.service not in self.status:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such name")
        return health_pb2.HealthCheckResponse(status=self.status[request.service])


@contextmanager
def scripted_health(credentials: grpc.ServerCredentials | None = None) -> Iterator[ScriptedHealth]:
    """Lend a server of health, encrypted where there are credentials."""
    servicer = ScriptedHealth()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    servicer.address = f"127.0.0.1:{port}"
    server.start()
    try:
        yield servicer
    finally:
        servicer.answering.set()
        server.stop(0).wait()
