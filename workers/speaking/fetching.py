"""Fetches a recording from an address that a client gave, and from nowhere else.

The host must be listed, and so must that of every redirect. The name is resolved here, each
of its addresses is checked, and the connection goes to a checked address: a name that resolves
to another one a moment later (DNS rebinding) is of no use to anybody.
"""

import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO
from urllib.parse import urljoin

import httpcore2

from grading.audio_hosts import AudioHost, AudioHosts, UrlRefused
from grading.domain.audio import AudioProblem
from grading.exceptions import AudioRefused, TransientFault

#: How many redirects are followed.
MOST_REDIRECTS = 3
_CONNECT_SECONDS = 5.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Statuses that another time may mend.
_NOT_NOW = frozenset({408, 425, 429})
_PASSING = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError)


def fetch(url: str, into: BinaryIO, hosts: AudioHosts, most_bytes: int, seconds: float) -> None:
    """Write what ``url`` gives to ``into``.

    Raises:
        AudioRefused: it may not be fetched, is not there, or is too large.
        TransientFault: its host can't be reached now, or is too slow.
    """
    limit = _Limit(most_bytes, time.monotonic() + seconds)
    try:
        for _ in range(MOST_REDIRECTS + 1):
            target = _fetch_once(url, into, hosts.host_of(url), limit)
            if target is None:
                return
            url = urljoin(url, target)
        raise AudioRefused(AudioProblem.UNREACHABLE, "Its address leads on and on.")
    except UrlRefused as refused:
        raise AudioRefused(AudioProblem.UNREACHABLE, f"Not fetched: {refused}.") from None
    except _PASSING as error:
        raise TransientFault(
            f"the recording could not be fetched: {type(error).__name__}"
        ) from None


class _Limit:
    """How much may still come, and until when."""

    def __init__(self, most_bytes: int, ends_at: float) -> None:
        self._left = most_bytes
        self._ends_at = ends_at

    @property
    def seconds(self) -> float:
        """How long a step may take.

        Raises:
            TransientFault: no time is left.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TransientFault("the recording took too long to be fetched")
        return left

    def take(self, piece: bytes) -> None:
        """Count what came.

        Raises:
            AudioRefused: it is too much.
        """
        self._left -= len(piece)
        if self._left < 0:
            raise AudioRefused(AudioProblem.TOO_LARGE, "The recording is too large.")


def _fetch_once(url: str, into: BinaryIO, host: AudioHost, limit: _Limit) -> str | None:
    """Fetch, or tell where a redirect leads."""
    with _get(url, host, limit) as response:
        if response.status in _REDIRECTS:
            headers = {name.lower(): value for name, value in response.headers}
            return headers.get(b"location", b"").decode("ascii", "replace")
        if response.status != 200:
            if response.status >= 500 or response.status in _NOT_NOW:
                raise TransientFault(f"the recording's host answers with {response.status}")
            raise AudioRefused(
                AudioProblem.UNREACHABLE, f"Its address answers with {response.status}."
            )
        for piece in _pieces(response, limit):
            into.write(piece)
    return None


@contextmanager
def _get(url: str, host: AudioHost, limit: _Limit) -> Iterator[httpcore2.Response]:
    timeouts = dict.fromkeys(("read", "write", "pool"), limit.seconds)
    timeouts["connect"] = min(_CONNECT_SECONDS, limit.seconds)
    with (
        httpcore2.ConnectionPool(network_backend=_Checked(host), max_connections=1) as pool,
        pool.stream(
            "GET",
            url,
            headers=[("Accept", "audio/*, video/webm, video/mp4"), ("Accept-Encoding", "identity")],
            extensions={"timeout": timeouts},
        ) as response,
    ):
        yield response


def _pieces(response: httpcore2.Response, limit: _Limit) -> Iterator[bytes]:
    for piece in response.iter_stream():
        limit.take(piece)
        # Bytes that trickle in keep no time-out from being renewed; the whole has its own.
        _ = limit.seconds
        yield piece


class _Checked(httpcore2.NetworkBackend):
    """Connects to addresses that the host admits."""

    def __init__(self, host: AudioHost) -> None:
        self._host = host
        self._backend = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to one of the host's addresses.

        Raises:
            UrlRefused: one of them is not admitted.
            OSError: it has none.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if not self._host.admits(ipaddress.ip_address(address.partition("%")[0])):
                raise UrlRefused("its host has an address that is not fetched from")
        return self._backend.connect_tcp(addresses[0], port, timeout, local_address, socket_options)
