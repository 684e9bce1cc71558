"""The product's worker with a key: killed, shut down, cancelled, and with many calls in flight."""

import signal
import time
from collections.abc import Iterator

import pytest
from grpc import StatusCode

from tests.stack.door import Door
from tests.stack.evidence import honest
from tests.stack.provider.server import Provider
from tests.stack.stack import EMBEDDED, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_CANCELLED, JOB_STATE_COMPLETED, Job
from vstep.grading.v1.result_pb2 import Result

FIRST, SECOND = "model-one", "model-two"

#: Each answer needs sentences for a witness to quote.
ESSAY = (
    "Many people want to keep wild animals at home. I believe that they belong in the forest. "
    "An animal that is used to running free becomes ill in a cage. My uncle bought a monkey, and "
    "it died after one winter. In conclusion, wild animals should be admired where they live."
)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider whose models are honest witnesses."""
    with Provider() as started:
        started.chat.choose = honest
        yield started


@pytest.fixture
def asking(stack: Stack, provider: Provider) -> Stack:
    """A stack whose workers ask the provider, and load no large model."""
    stack.settings |= {
        "OPENAI_API_KEY": "key",
        "OPENAI_BASE_URL": provider.url,
        "OPENAI_MODEL": FIRST,
        "GRADING_SCORERS": "evidence",
    }
    return stack


def _job(door: Door, job_id: str) -> Job:
    return door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job


def _result(door: Door, job_id: str) -> Result:
    return door.grading.GetResult(messages.GetResultRequest(job_id=job_id)).result


def _asked(provider: Provider, model: str) -> int:
    return sum(1 for call in provider.chat.calls if call.model == model)


def test_an_answer_is_paid_once_though_its_worker_is_killed(
    asking: Stack, provider: Provider
) -> None:
    asking.settings["OPENAI_SECOND_MODEL"] = SECOND
    server = asking.start_server()
    worker = asking.start_worker(EMBEDDED)
    with provider.chat.hold(lambda call: call.model == SECOND) as gate:
        job_id = server.door.grading.SubmitJob(submission(ESSAY)).job.id
        watcher = server.door.watch(job_id)
        gate.await_held(1, seconds=60)
        until(lambda: asking.database.rows("SELECT stage FROM provider_answers"))
        worker.kill()
    asking.start_worker(EMBEDDED)

    assert watcher.wait(60).code is StatusCode.OK
    job = _job(server.door, job_id)
    assert (job.state, job.run, job.retries) == (JOB_STATE_COMPLETED, 2, 1)
    assert watcher.sequences == list(range(1, len(watcher.events) + 1))
    first, second = _result(server.door, job_id).provenance.models
    assert (first.stage, first.model, first.recalled) == ("evidence", FIRST, True)
    assert (second.stage, second.model, second.recalled) == ("second_evidence", SECOND, False)
    assert (_asked(provider, FIRST), _asked(provider, SECOND)) == (1, 2)
    calls = asking.database.rows("SELECT run, stage, outcome FROM provider_calls ORDER BY id")
    assert [(call["run"], call["stage"], call["outcome"]) for call in calls] == [
        (1, "evidence", "answered"),
        (2, "second_evidence", "answered"),
    ]


def test_a_cancelled_job_stops_its_call_and_an_erased_one_leaves_nothing(
    asking: Stack, provider: Provider
) -> None:
    server = asking.start_server()
    asking.start_worker(EMBEDDED, concurrency=2)
    grading = server.door.grading
    kept = grading.SubmitJob(submission(ESSAY)).job.id
    assert server.door.watch(kept).wait(60).code is StatusCode.OK
    with provider.chat.hold() as gate:
        cancelled, erased = (grading.SubmitJob(submission(ESSAY)).job.id for _ in range(2))
        gate.await_held(2)
        stopped_at = time.monotonic()
        grading.CancelJob(messages.CancelJobRequest(job_id=cancelled))
        grading.DeleteJob(messages.DeleteJobRequest(job_id=erased))
        for call in provider.chat.calls[1:]:
            assert provider.chat.await_ended(call).hung_up
            assert call.ended_at is not None
            assert call.ended_at - stopped_at < 2
    job = _job(server.door, cancelled)
    assert job.state == JOB_STATE_CANCELLED
    assert asking.database.counts()["results"] == 1

    grading.DeleteJob(messages.DeleteJobRequest(job_id=kept))
    assert asking.database.rows("SELECT * FROM provider_answers") == []
    left = asking.database.rows("SELECT job_id FROM provider_calls")
    assert {str(row["job_id"]) for row in left} <= {cancelled}


def test_a_worker_that_is_shut_down_waits_for_its_call(asking: Stack, provider: Provider) -> None:
    server = asking.start_server()
    worker = asking.start_worker(EMBEDDED, GRADING_LEASE_SECONDS="60")
    with provider.chat.hold() as gate:
        job_id = server.door.grading.SubmitJob(submission(ESSAY)).job.id
        gate.await_held(1, seconds=60)
        worker.signal(signal.SIGTERM)
        until(lambda: "Warm shutdown" in worker.output())
        gate.open()
        assert worker.wait(15) == 0
    assert asking.database.rows("SELECT outcome FROM runs") == [{"outcome": "released"}]
    assert len(asking.database.rows("SELECT * FROM provider_answers")) == 1

    asking.start_worker(EMBEDDED)
    assert server.door.watch(job_id).wait(60).code is StatusCode.OK
    job = _job(server.door, job_id)
    assert (job.state, job.run, job.retries) == (JOB_STATE_COMPLETED, 2, 0)
    assert len(provider.chat.calls) == 1
    assert _result(server.door, job_id).provenance.models[0].recalled


def test_one_process_holds_many_calls_and_their_leases(asking: Stack, provider: Provider) -> None:
    many = 20
    server = asking.start_server()
    worker = asking.start_worker(EMBEDDED, concurrency=many)
    with provider.chat.hold() as gate:
        job_ids = [server.door.grading.SubmitJob(submission(ESSAY)).job.id for _ in range(many)]
        gate.await_held(many, seconds=60)
        leases = "SELECT min(lease_expires_at) AS soonest FROM jobs WHERE state = 'analyzing'"
        [held] = asking.database.rows(leases)
        # A lease lasts two seconds here: each of them is renewed more than once.
        until(
            lambda: (
                (asking.database.rows(leases)[0]["soonest"] - held["soonest"]).total_seconds() > 3
            )
        )
        assert gate.held == many
        gate.open()
        until(lambda: all(_job(server.door, job).state == JOB_STATE_COMPLETED for job in job_ids))
    assert worker.running
    assert provider.chat.most_in_flight == many
    assert len(provider.chat.calls) == many
    runs = asking.database.rows("SELECT count(*) AS runs, max(run) AS last FROM runs")
    assert runs == [{"runs": many, "last": 1}]
