"""Poison messages end in the dead letters, their jobs in FAILED, and nothing loops."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from kombu.connection import Connection as BrokerConnection
from kombu.messaging import Producer

from grading.broker import DEAD_LETTERS, DELIVERY_LIMIT, EXCHANGE, TASK
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.error_pb2 import ERROR_REASON_DEAD_LETTERED
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, JOB_STATE_FAILED, Job


def _publish(broker_url: str, body: object, job_id: str, **how: object) -> None:
    headers = {"lang": "py", "task": TASK, "id": job_id, "root_id": job_id, "argsrepr": ""}
    with BrokerConnection(broker_url) as connection:
        Producer(connection.default_channel).publish(
            body,
            exchange=EXCHANGE,
            routing_key="writing",
            headers={**headers, **how.pop("headers", {})},  # type: ignore[dict-item]
            **how,
        )


def _letters(broker_url: str, queue: str = DEAD_LETTERS.name) -> int:
    with BrokerConnection(broker_url) as connection:
        return int(connection.default_channel.queue_declare(queue, passive=True).message_count)


def _job(server: Server, job_id: str) -> Job:
    return server.door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job


def _deliver_until_given_up(broker_url: str) -> None:
    """Take the message and vanish, as a worker does that it kills."""
    for _ in range(DELIVERY_LIMIT + 1):
        with BrokerConnection(broker_url) as connection:
            until(lambda: connection.default_channel.basic_get("writing"))


def test_a_job_whose_message_kills_every_taker_fails_and_its_letter_is_kept(
    stack: Stack, broker_url: str
) -> None:
    server = stack.start_server()
    server.await_health("rabbitmq")
    job = server.door.grading.SubmitJob(submission()).job
    watcher = server.door.watch(job.id)
    _deliver_until_given_up(broker_url)

    assert watcher.wait(20).code.name == "OK"
    failed = watcher.events[-1]
    assert failed.state == JOB_STATE_FAILED
    assert failed.error.reason == ERROR_REASON_DEAD_LETTERED
    assert failed.error.message == "the broker gave the job up: delivery_limit"
    assert _job(server, job.id).run == 0
    until(lambda: _letters(broker_url) == 1)
    assert stack.database.counts()["outbox"] == 0


@pytest.mark.parametrize(
    "poison",
    [
        lambda url, job_id: _publish(
            url, b"{not json", job_id, content_type="application/json", content_encoding="utf-8"
        ),
        lambda url, job_id: _publish(
            url, [[job_id], {}, {}], job_id, serializer="json", headers={"task": "no.such.task"}
        ),
        lambda url, job_id: _publish(url, [["no job"], {}, {}], job_id, serializer="json"),
        lambda url, job_id: _publish(url, [[], {}, {}], job_id, serializer="json"),
        lambda url, job_id: _publish(url, {"any": "thing"}, job_id, serializer="json"),
    ],
    ids=["not what it says", "unknown task", "no job's id", "no argument", "another shape"],
)
def test_a_message_that_no_worker_can_use_ends_in_the_dead_letters(
    stack: Stack, broker_url: str, poison: Callable[[str, str], None]
) -> None:
    server = stack.start_server()
    server.await_health("rabbitmq")
    worker = stack.start_worker()
    server.await_health("workers")

    poison(broker_url, str(uuid4()))
    until(lambda: _letters(broker_url) == 1)
    # The servers took note of theirs, and the worker goes on.
    until(lambda: _letters(broker_url, "grading.dead.jobs") == 0)
    job = server.door.grading.SubmitJob(submission()).job
    assert server.door.watch(job.id).wait(30).code.name == "OK"
    assert _job(server, job.id).state == JOB_STATE_COMPLETED
    assert worker.running
    assert _letters(broker_url) == 1
