"""The floor: a bare gRPC server that sends back the bytes it got. ``python -m bench.echo PORT``."""

from __future__ import annotations

import asyncio
import sys

import grpc
from grpc import aio

METHOD = "/bench.Echo/Echo"


async def _echo(request: bytes, _: object) -> bytes:
    return request


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = aio.server()
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "Echo": grpc.unary_unary_rpc_method_handler(_echo)
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
