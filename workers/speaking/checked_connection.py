"""Connections to a host that is listed, at addresses that it may have, and for a limited time."""

import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

from grading.audio_hosts import AudioHost, UrlRefused
from workers.speaking.fetch_limit import FetchLimit

#: How long an address has to answer.
_CONNECT_SECONDS = 5.0


class CheckedConnection(httpcore2.NetworkBackend):
    """Connects to addresses that the host admits."""

    def __init__(self, host: AudioHost, limit: FetchLimit) -> None:
        self._host = host
        self._limit = limit
        self._backend = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first of the host's addresses that answers.

        Raises:
            UrlRefused: one of them is not admitted.
            OSError, httpcore2.NetworkError, httpcore2.TimeoutException: none answers.
        """
        if (host.lower().removesuffix("."), port) != (self._host.name, self._host.port):
            # Whoever reads a URL in another way than the list does gets nowhere by it.
            raise UrlRefused("its host is not one that recordings are fetched from")
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            if not self._host.admits(ipaddress.ip_address(address.partition("%")[0])):
                raise UrlRefused("its host has an address that is not fetched from")
        failed: Exception = OSError("no address")
        for address in addresses:
            seconds = self._limit.seconds(timeout or _CONNECT_SECONDS)
            try:
                stream = self._backend.connect_tcp(
                    address, port, seconds, local_address, socket_options
                )
            except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
                failed = error
            else:
                return _Bounded(stream, self._limit)
        raise failed


class _Bounded(httpcore2.NetworkStream):
    """A connection no step of which takes longer than the whole fetch may.

    Bytes that trickle in keep a time-out of each step from ever being reached.
    """

    def __init__(self, stream: httpcore2.NetworkStream, limit: FetchLimit) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._limit.seconds(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._limit.seconds(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        seconds = self._limit.seconds(timeout)
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, seconds), self._limit)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
