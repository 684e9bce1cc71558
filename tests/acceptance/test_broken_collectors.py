"""Collectors that are away, refuse, or never answer: no call, no job and no end waits for them."""

import signal
import time
from collections.abc import Iterator

import pytest
from grpc import StatusCode

from embedded.ports import free_port
from tests.stack.collector import Collector
from tests.stack.stack import Server, Stack, Worker
from tests.stack.submissions import submission
from tests.stack.waiting import until

#: So many calls overflow the queue of spans that is set below.
CALLS = 60


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as started:
        yield started


def _start(stack: Stack, endpoint: str) -> tuple[Server, Worker]:
    stack.settings |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "20",
        "OTEL_BSP_MAX_QUEUE_SIZE": "16",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8",
    }
    return stack.start_server(), stack.start_worker()


def _use(server: Server) -> None:
    """Make calls, and have a job graded."""
    grading = server.door.grading
    jobs = [grading.SubmitJob(submission(), timeout=10).job.id for _ in range(CALLS)]
    assert server.door.watch(jobs[-1]).wait().code is StatusCode.OK


def _end(process: Server | Worker) -> float:
    """End a process; gives how long that took, in seconds."""
    asked = time.monotonic()
    process.signal(signal.SIGTERM)
    assert process.wait(30) == 0
    return time.monotonic() - asked


def test_a_collector_that_never_answers_holds_nobody_up(stack: Stack, collector: Collector) -> None:
    collector.answering.clear()
    server, worker = _start(stack, collector.url)
    _use(server)
    until(lambda: collector.requests >= 2)
    # Its request lasts for ten seconds, and so do its tries; nobody waits for either.
    assert _end(worker) < 10
    assert _end(server) < 10
    assert collector.spans == []


@pytest.mark.parametrize("broken", ["away", "refusing"])
def test_a_collector_that_takes_nothing_is_told_of_once(
    stack: Stack, collector: Collector, broken: str
) -> None:
    collector.status = 400
    away = f"http://127.0.0.1:{free_port()}"
    server, worker = _start(stack, away if broken == "away" else collector.url)
    _use(server)
    said = "collector_takes_no_spans"
    until(lambda: said in server.output() and said in worker.output(), 30)
    assert _end(worker) < 10
    assert _end(server) < 10
    assert server.output().count(said) == worker.output().count(said) == 1
    assert "Traceback" not in server.output() + worker.output()
