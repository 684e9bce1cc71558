"""Refuses streams beyond what a caller, or the server, may have open."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from grpc import aio

from grading.domain.caller import ANYBODY
from server.calling import current_caller
from server.exceptions import TooManyStreams
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor

#: Answers once, but as late as a stream's end.
WAITS = frozenset({"/vstep.grading.v1.GradingService/WaitJob"})

#: Reads a stream. Which methods do can't be told here: the messages of all are read as one.
UPLOADS = frozenset({"/vstep.grading.v1.GradingService/UploadAudio"})

#: Open to those who show nothing; they share streams of their own, and take no caller's.
_OPEN = ("/grpc.health.v1.Health/", "/grpc.reflection.")
#: How many those are.
_STRANGERS_STREAMS = 1000

_SERVER, _STRANGERS = "server", "strangers"


class OpenStreams(WrappingInterceptor):
    """Counts the calls that stay open: streams of answers, uploads, and waits."""

    def __init__(self, per_server: int, per_caller: int) -> None:
        super().__init__()
        self._per_server = per_server
        self._per_caller = per_caller
        self._open: Counter[str] = Counter()

    def unary(self, method: str, behavior: Unary) -> Unary:
        if method not in WAITS | UPLOADS:
            return behavior

        async def held(request: Any, context: aio.ServicerContext[Any, Any]) -> Any:
            with self._held(method):
                return await behavior(request, context)

        return held

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        async def held(request: Any, context: aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            with self._held(method):
                async for message in behavior(request, context):
                    yield message

        return held

    @contextmanager
    def _held(self, method: str) -> Iterator[None]:
        limits = self._limits(method)
        for whose, limit in limits.items():
            if self._open[whose] >= limit:
                of_server = whose in (_SERVER, _STRANGERS)
                raise TooManyStreams(limit, "server" if of_server else "caller")
        self._open.update(limits.keys())
        try:
            yield
        finally:
            self._open.subtract(limits.keys())
            for whose in limits:
                if not self._open[whose]:
                    del self._open[whose]

    def _limits(self, method: str) -> dict[str, int]:
        if method.startswith(_OPEN):
            return {_STRANGERS: _STRANGERS_STREAMS}
        caller = current_caller()
        if caller is ANYBODY:
            return {_SERVER: self._per_server}
        return {_SERVER: self._per_server, f"{caller.tenant}:{caller.name}": self._per_caller}
