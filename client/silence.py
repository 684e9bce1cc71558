"""Ends a stream on which nothing is heard any more."""

import time
from collections.abc import Callable, Iterator
from threading import Event, Thread
from types import TracebackType
from typing import Generic, Protocol, TypeVar

Response = TypeVar("Response", covariant=True)


class Stream(Protocol[Response]):
    """A stream of responses, as gRPC's clients give it."""

    def __iter__(self) -> Iterator[Response]:
        """What the stream carries, until it ends."""

    def cancel(self) -> bool:
        """End the stream."""

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Have ``callback`` called when the stream ends; False when it has ended."""


class SilenceGuard(Generic[Response]):
    """Gives what a stream carries, and cancels it after ``seconds`` of silence.

    A connection can die without a word, and a proxy can hold a stream open whose
    server is gone. The time that the reader itself takes doesn't count.
    """

    def __init__(self, call: Stream[Response], seconds: float) -> None:
        self._call = call
        self._seconds = seconds
        self._waiting_since: float | None = None
        self._closed = Event()
        self._thread = Thread(target=self._keep_watch, name="silence-guard", daemon=True)
        #: Whether the stream was ended because of its silence.
        self.cut = False

    def __enter__(self) -> "SilenceGuard[Response]":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Response]:
        """What the stream carries.

        Raises:
            grpc.RpcError: the stream ended otherwise than OK; CANCELLED after silence.
        """
        responses = iter(self._call)
        while True:
            self._waiting_since = time.monotonic()
            try:
                response = next(responses)
            except StopIteration:
                return
            finally:
                self._waiting_since = None
            yield response

    def _keep_watch(self) -> None:
        left = self._seconds
        while not self._closed.wait(left):
            since = self._waiting_since
            left = self._seconds if since is None else since + self._seconds - time.monotonic()
            if left <= 0:
                self.cut = True
                self._call.cancel()
                return
