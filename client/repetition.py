"""Calls that are made again when they met a passing fault."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import grpc

from client.backoff import Backoff
from client.errors import CallRefused, refusal_of

Request = TypeVar("Request")
Response = TypeVar("Response")


def call_until_answered(
    method: "grpc.UnaryUnaryMultiCallable[Request, Response]", request: Request, seconds: float
) -> Response:
    """Make a call, and the same one again after a passing fault, for ``seconds`` in all.

    Only for calls that are safe to repeat. gRPC's own retries don't serve here:
    they take no notice of the ``google.rpc.RetryInfo`` that the service sends.

    Raises:
        CallRefused: the call failed for good, or there is no time left for another.
    """
    return _until_answered(lambda left: method(request, timeout=left), seconds)


def stream_until_answered(
    method: "grpc.StreamUnaryMultiCallable[Request, Response]",
    requests: Callable[[], Iterator[Request]],
    seconds: float,
) -> Response:
    """The same of a call that sends a stream, which ``requests`` begins anew for each try.

    Raises:
        CallRefused: the call failed for good, or there is no time left for another.
        OSError: from ``requests``; the service refused what had come by then.
    """
    unread: list[OSError] = []

    def begin() -> Iterator[Request]:
        try:
            yield from requests()
        except OSError as error:
            # gRPC, which asks for the requests, would keep it to itself.
            unread.append(error)

    try:
        return _until_answered(lambda left: method(begin(), timeout=left), seconds)
    except CallRefused:
        if unread:
            raise unread[0] from None
        raise


def _until_answered(call: Callable[[float], Response], seconds: float) -> Response:
    until = time.monotonic() + seconds
    backoff = Backoff()
    while True:
        try:
            return call(max(until - time.monotonic(), 0.001))
        except grpc.RpcError as error:
            refused = refusal_of(error)
            delay = backoff.next(refused.retry_after)
            if not refused.passing or time.monotonic() + delay >= until:
                raise refused from error
        time.sleep(delay)
