"""The folder as a broker: messages arrive whole, whoever looks when."""

import threading
from pathlib import Path

from kombu.exceptions import OperationalError

from grading.broker import make_celery
from grading.domain.work import Skill
from grading.settings import Settings
from grading.store.outbox import Message
from server.publisher import Publisher
from tests.stack.submissions import new_job

MESSAGES = 300


def test_a_reader_that_never_rests_gets_every_message_whole(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"database_url": "postgresql://host/name", "celery_broker_url": f"filesystem://{tmp_path}"}
    )
    sent = [Message(new_job().id, Skill.WRITING.value) for _ in range(MESSAGES)]
    received: list[str] = []
    faults: list[Exception] = []

    def read() -> None:
        with make_celery(settings, "reader").connection_for_read() as connection:
            queue = connection.SimpleQueue(Skill.WRITING.value)
            try:
                while len(received) < MESSAGES:
                    message = queue.get(timeout=10)
                    received.append(message.headers["id"])
                    message.ack()
            except (ValueError, OperationalError, queue.Empty) as fault:
                faults.append(fault)

    reader = threading.Thread(target=read)
    publisher = Publisher(make_celery(settings, "writer"))
    publisher.check()
    reader.start()
    for message in sent:
        publisher.publish([message])
    reader.join(30)
    publisher.close()
    assert faults == []
    assert sorted(received) == sorted(str(message.job_id) for message in sent)
    assert list((tmp_path / "messages").iterdir()) == []
