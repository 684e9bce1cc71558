"""Shows the service who calls: a bearer token in the metadata of every call."""

from ipaddress import ip_address
from typing import Any, NamedTuple

import grpc

from client.errors import ClientError


class TokenUnprotected(ClientError):
    """A token would cross a network in plain text, for everybody on the way to take."""

    def __str__(self) -> str:
        return "a token is sent over an encrypted connection only, or on this machine"


class TokenUnusable(ClientError):
    """What is given as a token can't be one; the message doesn't show it."""

    def __str__(self) -> str:
        return "the token must be one line of letters, digits and signs"


class _CallDetails(NamedTuple):
    method: str
    timeout: float | None
    metadata: Any
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class _Authorization(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
):
    def __init__(self, token: str) -> None:
        self._entry = ("authorization", f"Bearer {token}")

    def intercept_unary_unary(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        return continuation(self._authorized(client_call_details), request)

    def intercept_unary_stream(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        return continuation(self._authorized(client_call_details), request)

    def intercept_stream_unary(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        return continuation(self._authorized(client_call_details), request_iterator)

    def _authorized(self, details: Any) -> _CallDetails:
        return _CallDetails(
            details.method,
            details.timeout,
            (*(details.metadata or ()), self._entry),
            details.credentials,
            details.wait_for_ready,
            details.compression,
        )


def authorized(channel: grpc.Channel, token: str) -> grpc.Channel:
    """The same channel, with the token in every call.

    Raises:
        TokenUnusable: it can't stand in a call.
    """
    if not token.isascii() or not token.isprintable() or not token or " " in token:
        raise TokenUnusable
    return grpc.intercept_channel(channel, _Authorization(token))


def refuse_unprotected(address: str) -> None:
    """Keep a token from a plain-text connection to ``address``, unless that is this machine.

    Raises:
        TokenUnprotected: it isn't.
    """
    if not _is_loopback(address):
        raise TokenUnprotected


def _is_loopback(address: str) -> bool:
    target = address.rsplit("/", 1)[-1]
    if address.startswith("unix:"):
        return True
    for scheme in ("dns:", "ipv4:", "ipv6:"):
        target = target.removeprefix(scheme)
    return all(_is_loopback_host(_host_of(part)) for part in target.split(","))


def _host_of(part: str) -> str:
    if part.startswith("["):
        return part[1:].partition("]")[0]
    host, _, port = part.rpartition(":")
    return host if host and ":" not in host and port.isdigit() else part


def _is_loopback_host(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
