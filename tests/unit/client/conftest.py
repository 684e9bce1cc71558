"""What the client's tests share."""

from collections.abc import Iterator

import pytest

from client.client import GradingClient
from tests.unit.client.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[GradingClient]:
    with GradingClient(server.address, deadline=5) as made:
        yield made
