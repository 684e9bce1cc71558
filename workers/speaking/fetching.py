"""Fetches a recording from an address that a client gave, and from nowhere else.

The host must be listed, and so must that of every redirect. The name is resolved here, each
of its addresses is checked, and the connection goes to a checked address: a name that resolves
to another one a moment later (DNS rebinding) is of no use to anybody.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO
from urllib.parse import urljoin

import httpcore2

from grading.audio_hosts import AudioHost, AudioHosts, UrlRefused
from grading.domain.audio import AudioProblem
from grading.exceptions import AudioRefused, TransientFault
from workers.speaking.checked_connection import CheckedConnection
from workers.speaking.fetch_limit import FetchLimit

#: How many redirects are followed.
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Statuses that another time may mend.
_NOT_NOW = frozenset({408, 425, 429})
_PASSING = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError)

#: Raises where there is no use in going on.
GoOn = Callable[[], None]


def fetch(url: str, into: BinaryIO, hosts: AudioHosts, limit: FetchLimit, go_on: GoOn) -> None:
    """Write what ``url`` gives to ``into``; asks ``go_on`` with every piece.

    Raises:
        AudioRefused: it may not be fetched, is not there, or is too large.
        TransientFault: its host can't be reached now, or is too slow.
    """
    try:
        for _ in range(MOST_REDIRECTS + 1):
            target = _fetch_once(url, into, hosts.host_of(url), limit, go_on)
            if target is None:
                return
            url = _joined(url, target)
    except UrlRefused as refused:
        raise AudioRefused(AudioProblem.UNREACHABLE, f"Not fetched: {refused}.") from None
    except httpcore2.LocalProtocolError:
        # The URL itself holds what can't be asked for.
        raise AudioRefused(AudioProblem.UNREACHABLE, "Not fetched: it is no URL.") from None
    except _PASSING as error:
        raise TransientFault(
            f"the recording could not be fetched: {type(error).__name__}"
        ) from None
    raise AudioRefused(AudioProblem.UNREACHABLE, "Its address leads on and on.")


def _fetch_once(
    url: str, into: BinaryIO, host: AudioHost, limit: FetchLimit, go_on: GoOn
) -> str | None:
    """Fetch, or tell where a redirect leads."""
    with _get(url, host, limit) as response:
        headers = {name.lower(): value for name, value in response.headers}
        if response.status in _REDIRECTS:
            return headers.get(b"location", b"").decode("latin-1")
        if response.status != 200:
            if response.status >= 500 or response.status in _NOT_NOW:
                raise TransientFault(f"the recording's host answers with {response.status}")
            raise AudioRefused(
                AudioProblem.UNREACHABLE, f"Its address answers with {response.status}."
            )
        limit.expect(int(headers.get(b"content-length", b"0")))
        for piece in response.iter_stream():
            limit.take(piece)
            go_on()
            into.write(piece)
    return None


@contextmanager
def _get(url: str, host: AudioHost, limit: FetchLimit) -> Iterator[httpcore2.Response]:
    try:
        address = httpcore2.URL(url)
    except TypeError:  # of a letter that is not ASCII
        raise UrlRefused("it is no URL") from None
    with (
        httpcore2.ConnectionPool(
            network_backend=CheckedConnection(host, limit), max_connections=1
        ) as pool,
        pool.stream(
            "GET",
            address,
            headers=[("Accept", "audio/*, video/webm, video/mp4"), ("Accept-Encoding", "identity")],
        ) as response,
    ):
        yield response


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        raise UrlRefused("it is no URL") from None
