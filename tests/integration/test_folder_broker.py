"""The folder as a broker: a message is not seen before it is whole."""

import json
from pathlib import Path

import pytest
from kombu.transport import filesystem

from grading import folder_broker
from grading.broker import make_celery
from grading.domain.work import Skill
from grading.settings import Settings
from grading.store.outbox import Message
from server.broker_link import BrokerLink
from server.publisher import Publisher
from tests.stack.submissions import new_job


def test_no_message_is_seen_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.model_validate(
        {"database_url": "postgresql://host/name", "celery_broker_url": f"filesystem://{tmp_path}"}
    )
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
