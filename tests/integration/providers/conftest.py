"""A provider, and a desk with jobs that are graded by asking it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.integration.providers.desk import Desk
from tests.integration.providers.speech_desk import HEARD, SpeechDesk
from tests.stack.evidence import honest
from tests.stack.postgres import Database
from tests.stack.provider.server import Provider


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy stands between a client and the loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def provider(direct: None) -> Iterator[Provider]:
    """A provider whose models are honest witnesses and hear well, until they are told otherwise."""
    with Provider() as started:
        started.chat.choose = honest
        started.transcriptions.choose = lambda _: HEARD
        yield started


@pytest.fixture
def desk(database: Database, conn: Connection, provider: Provider) -> Iterator[Desk]:
    """A desk, whose workers end with the test."""
    made = Desk(database, conn, provider)
    yield made
    made.close()


@pytest.fixture
def speech_desk(
    database: Database, conn: Connection, provider: Provider, tmp_path: Path
) -> Iterator[SpeechDesk]:
    """The same of recordings."""
    made = SpeechDesk(database, conn, provider, tmp_path)
    yield made
    made.close()
