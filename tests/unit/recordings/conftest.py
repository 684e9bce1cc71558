"""What the tests of fetching share: names that lead where a test wants, and a way to fetch."""

import socket
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpcore2
import pytest

from grading.audio_hosts import read_audio_hosts
from tests.stack.authority import Authority
from tests.stack.media_host import ADDRESS, NAMES, MediaHost
from workers.speaking.fetch_limit import FetchLimit
from workers.speaking.fetching import fetch

#: Fetches a URL; gives what came.
Fetch = Callable[..., bytes]


class Names:
    """Plays the name servers: each look at a name gives the next of its answers.

    The last one is given again and again. Addresses are left to the real resolver.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {name: [[ADDRESS]] for name in NAMES}
        #: The names that were looked up.
        self.looks: list[str] = []
        self._resolve = socket.getaddrinfo

    def resolve(self, host: str, port: int, *arguments: Any, **options: Any) -> Any:
        """In the place of ``socket.getaddrinfo``."""
        answers = self.answers.get(host)
        if answers is None:
            return self._resolve(host, port, *arguments, **options)
        self.looks.append(host)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            found
            for address in addresses
            for found in self._resolve(address, port, *arguments, **options)
        ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The names that a test may give other addresses."""
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made.resolve)
    return made


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to, or tried; only a loopback one is really."""
    made: list[str] = []
    connect = httpcore2.SyncBackend.connect_tcp

    def remember(backend: Any, host: str, *arguments: Any) -> Any:
        made.append(host)
        if not host.startswith("127."):
            raise httpcore2.ConnectError("not in a test")
        return connect(backend, host, *arguments)

    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", remember)
    return made


@pytest.fixture
def fetched(
    media: MediaHost, names: Names, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Fetch:
    """Fetches with both names of the host on the list, at its address."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))

    def get(
        url: str,
        listed: str | None = None,
        most_bytes: int = 100_000,
        seconds: float = 10.0,
        go_on: Callable[[], None] = lambda: None,
    ) -> bytes:
        if listed is None:
            listed = ",".join(f"{name}:{media.port}={ADDRESS}" for name in (*NAMES, ADDRESS))
        into = BytesIO()
        fetch(url, into, read_audio_hosts(listed), FetchLimit(most_bytes, seconds), go_on)
        return into.getvalue()

    return get
