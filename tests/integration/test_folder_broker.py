"""The folder as a broker: no message, and no table of an exchange, is seen before it is whole."""

import json
from pathlib import Path
from typing import IO

import pytest
from kombu.transport import filesystem
from kombu.transport.virtual import BrokerState

from grading import folder_broker
from grading.broker import EXCHANGE, make_celery, queue_of
from grading.domain.work import Skill
from grading.settings import Settings
from grading.store.outbox import Message
from server.broker_link import BrokerLink
from server.publisher import Publisher
from tests.stack.submissions import new_job


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a process that has bound nothing yet."""
    # A process binds each queue once, whatever the folder.
    monkeypatch.setattr(folder_broker.Transport, "global_state", BrokerState())
    return Settings.model_validate(
        {"database_url": "postgresql://host/name", "celery_broker_url": f"filesystem://{tmp_path}"}
    )


def test_no_message_is_seen_before_it_is_written(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = tmp_path / "messages"
    seen: list[list[str]] = []

    def look(payload: object) -> str:
        seen.append([path.name for path in messages.glob("*.msg")])
        return json.dumps(payload)

    celery = make_celery(settings, "writer")
    link = BrokerLink(celery, on_wiped=lambda: None)
    link.check()
    # Both write what this gives; kombu's own has opened the file by then.
    monkeypatch.setattr(filesystem, "dumps", look)
    monkeypatch.setattr(folder_broker, "dumps", look)
    job_id = new_job().id
    Publisher(celery, link).publish([Message(job_id, Skill.WRITING.value)])
    link.close()

    assert seen == [[]]
    [path] = messages.iterdir()
    assert path.name.endswith(".writing.msg")
    assert json.loads(path.read_text())["headers"]["id"] == str(job_id)


def test_no_table_of_an_exchange_is_read_before_it_is_written(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = tmp_path / "control"
    read: list[str] = []
    lock = filesystem.lock

    def read_first(file: IO[bytes], how: int) -> None:
        # The writer has opened its file: another process may lock and read it before.
        read.extend(path.read_text() for path in tables.glob("*.exchange"))
        lock(file, how)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(filesystem, "lock", read_first)
    link = BrokerLink(make_celery(settings, "writer"), on_wiped=lambda: None)
    link.check()
    link.close()

    assert read
    assert all(isinstance(json.loads(table), list) for table in read)
    assert _bound(tables) == {skill.value for skill in Skill}
    assert {path.suffix for path in tables.iterdir()} == {".exchange"}


def test_a_table_that_another_process_makes_meanwhile_is_kept(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_to = Path.hardlink_to
    with make_celery(settings, "writer").connection_for_write() as connection:
        channel = connection.default_channel

        def come_second(table: Path, part: Path) -> None:
            monkeypatch.setattr(Path, "hardlink_to", link_to)
            queue_of(Skill.SPEAKING)(channel).declare()
            table.hardlink_to(part)

        monkeypatch.setattr(Path, "hardlink_to", come_second)
        queue_of(Skill.WRITING)(channel).declare()

    assert _bound(tmp_path / "control") == {Skill.SPEAKING.value, Skill.WRITING.value}


def _bound(tables: Path) -> set[str]:
    table = json.loads((tables / f"{EXCHANGE.name}.exchange").read_text())
    return {queue for _, _, queue in table}
