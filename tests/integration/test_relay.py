"""Relay and publisher on a real RabbitMQ: sent means that the broker stored it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kombu.connection import Connection as BrokerConnection
from sqlalchemy import Connection

from grading.broker import TASK, make_celery, queue_of
from grading.domain.work import Skill
from grading.settings import Settings
from grading.store.acceptance import accept
from grading.store.outbox import Message
from server.bootstrap import make_relay
from server.broker_link import BrokerLink
from server.publisher import Publisher
from server.relay import Relay
from tests.stack.postgres import Database
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.submissions import new_job
from tests.stack.waiting import until


def _settings(database: Database, broker_url: str) -> Settings:
    return database.settings(rabbitmq_url=broker_url)


@contextmanager
def _relay(database: Database, broker_url: str) -> Iterator[Relay]:
    relay = make_relay(database.settings(rabbitmq_url=broker_url, grading_poll_seconds=0.1))
    relay.start()
    try:
        yield relay
    finally:
        relay.stop(10)


@pytest.fixture
def publisher(database: Database, broker_url: str) -> Iterator[Publisher]:
    """A publisher on the test's virtual host."""
    celery = make_celery(_settings(database, broker_url), "tests-publisher")
    link = BrokerLink(celery, on_wiped=lambda: None)
    yield Publisher(celery, link)
    link.close()


def _messages(broker_url: str, least: int = 0, queue: str = "writing") -> list[tuple[object, str]]:
    """Take what is in a queue: the bodies, and the names of their tasks."""
    taken: list[tuple[object, str]] = []
    with BrokerConnection(broker_url) as connection:
        channel = connection.default_channel
        until_ = time.monotonic() + 5
        # A quorum queue may take a moment to have what it confirmed.
        while (message := channel.basic_get(queue)) or len(taken) < least:
            if message is None:
                assert time.monotonic() < until_, taken
                time.sleep(0.02)
                continue
            channel.basic_ack(message.delivery_tag)
            taken.append((json.loads(message.body), message.headers["task"]))
    return taken


def _sent(database: Database) -> int:
    [row] = database.rows("SELECT count(sent_at) AS sent FROM outbox")
    return int(row["sent"])


def test_every_job_is_sent_once_and_the_message_holds_its_id_alone(
    conn: Connection, database: Database, broker_url: str
) -> None:
    jobs = [new_job(text="my private words") for _ in range(250)]
    accept(conn, jobs)
    with _relay(database, broker_url) as relay:
        until(lambda: _sent(database) == len(jobs))
        assert relay.broker_reached

    messages = _messages(broker_url, least=len(jobs))
    assert {task for _, task in messages} == {TASK}
    # Celery's body: arguments, keyword arguments, and what else it may be told.
    nothing = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    bodies = [body for body, _ in messages]
    for job in jobs:
        assert [[str(job.id)], {}, nothing] in bodies
    assert len(bodies) == len(jobs)
    assert database.rows("SELECT DISTINCT sends FROM outbox") == [{"sends": 1}]


def test_a_wake_up_sends_at_once(conn: Connection, database: Database, broker_url: str) -> None:
    with _relay(database, broker_url) as relay:
        until(lambda: relay.broker_reached)
        accept(conn, [new_job()])
        relay.wake()
        until(lambda: _sent(database) == 1, seconds=5)


def test_two_relays_send_each_message_once(
    conn: Connection, database: Database, broker_url: str
) -> None:
    accept(conn, [new_job() for _ in range(400)])
    with _relay(database, broker_url), _relay(database, broker_url):
        until(lambda: _sent(database) == 400)
    assert len(_messages(broker_url, least=400)) == 400


def test_a_queue_that_is_not_there_is_declared(publisher: Publisher, broker_url: str) -> None:
    publisher.publish([Message(new_job().id, "writing")])
    assert len(_messages(broker_url, least=1)) == 1
    with BrokerConnection(broker_url) as connection:
        for queue in ("writing", "grading.dead"):
            found = connection.default_channel.queue_declare(queue, passive=True)
            assert found.queue == queue


def test_a_queue_that_was_deleted_is_declared_again(
    conn: Connection, database: Database, broker_url: str
) -> None:
    with _relay(database, broker_url) as relay:
        until(lambda: relay.broker_reached)
        with BrokerConnection(broker_url) as connection:
            connection.default_channel.queue_delete("writing")
        accept(conn, [new_job()])
        relay.wake()
        until(lambda: _sent(database) == 1)
    assert len(_messages(broker_url, least=1)) == 1


def test_an_idle_connection_stays(database: Database, broker_url: str) -> None:
    celery = make_celery(_settings(database, broker_url), "tests-publisher")
    celery.conf.broker_heartbeat = 1
    link = BrokerLink(celery, on_wiped=lambda: None)
    try:
        for _ in range(20):
            link.check()
            time.sleep(0.2)
    finally:
        link.close()


def test_what_is_accepted_while_the_broker_is_dead_is_sent_when_it_lives(
    conn: Connection, database: Database, tmp_path: Path
) -> None:
    rabbit = PrivateRabbit(tmp_path / "rabbitmq")
    rabbit.start()
    url = rabbit.url("tests0")
    try:
        with _relay(database, url) as relay:
            accept(conn, [new_job() for _ in range(10)])
            relay.wake()
            until(lambda: _sent(database) == 10)

            rabbit.kill()
            until(lambda: not relay.broker_reached)
            accept(conn, [new_job() for _ in range(10)])
            relay.wake()
            time.sleep(0.5)
            assert _sent(database) == 10

            rabbit.start()
            until(lambda: _sent(database) == 20)
            assert relay.broker_reached
        # What was confirmed before the crash is still there.
        assert len(_messages(url, least=20)) == 20
    finally:
        rabbit.stop()


def test_what_a_wiped_broker_lost_is_sent_again_at_once(
    conn: Connection, database: Database, broker_url: str
) -> None:
    accept(conn, [new_job() for _ in range(150)])
    with _relay(database, broker_url):
        until(lambda: _sent(database) == 150)
    # All that a new broker shows of itself is that what servers declare isn't there.
    with BrokerConnection(broker_url) as connection:
        for queue in ("writing", "grading.dead.jobs"):
            connection.default_channel.queue_delete(queue)
        # A worker may well be there first.
        queue_of(Skill.WRITING)(connection.default_channel).declare()

    with _relay(database, broker_url):
        assert len(_messages(broker_url, least=150)) == 150
        until(lambda: _sent(database) == 150)
    with _relay(database, broker_url) as relay:
        until(lambda: relay.broker_reached)
    assert _messages(broker_url) == []


def test_what_nobody_foresaw_ends_no_relay(
    conn: Connection, database: Database, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As amqp does when its transport is gone between two of its own steps.
    failures = [AttributeError("'NoneType' object has no attribute 'send'")] * 2
    publish = Publisher.publish

    def fail_first(self: Publisher, messages: list[Message]) -> None:
        if failures:
            raise failures.pop()
        publish(self, messages)

    monkeypatch.setattr(Publisher, "publish", fail_first)
    accept(conn, [new_job()])
    with _relay(database, broker_url):
        until(lambda: _sent(database) == 1)
    assert not failures
