"""What servers and workers tell Prometheus, of all their processes."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from embedded.ports import free_port
from tests.stack.door import Door, refusal
from tests.stack.exposition import Exposition, await_told
from tests.stack.process import Process
from tests.stack.stack import SCRIPTED, Server, Stack, Worker
from tests.stack.submissions import submission
from vstep.grading.v1.grading_service_pb2 import GetJobRequest

CHILDREN = 2


class Watched:
    """A server and a worker with two children, both of which tell their metrics."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.server_port, self.worker_port = free_port(), free_port()
        self.worker: Worker = stack.start_worker(
            concurrency=CHILDREN, WORKER_METRICS_PORT=str(self.worker_port)
        )
        self.server: Server = stack.start_server(GRADING_METRICS_PORT=str(self.server_port))
        self.server.await_health("workers")

    @property
    def door(self) -> Door:
        """The server's stubs."""
        return self.server.door

    def grade(self, *texts: str) -> list[str]:
        """Submit essays; gives their jobs."""
        return [self.door.grading.SubmitJob(submission(text)).job.id for text in texts]


@pytest.fixture
def watched(stack: Stack) -> Iterator[Watched]:
    """Processes for one test."""
    yield Watched(stack)


def assert_well_formed(told: Exposition) -> None:
    """Have Prometheus' own tool judge names, units and help."""
    judged = subprocess.run(
        ["promtool", "check", "metrics"],
        input=told.text,
        text=True,
        capture_output=True,
        check=False,
    )
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")


def test_the_counts_of_a_workers_children_are_told_as_one_and_outlive_them(
    watched: Watched,
) -> None:
    watched.grade("quick 1", "quick 2", "quick 3", "boom", "flaky:1")
    # The flaky one is taken again, by a child that may not know it yet.
    told = await_told(
        watched.worker_port,
        lambda seen: (
            seen.total("vstep_runs_total", outcome="completed") == 4
            # The last of them has been told of to its end.
            and seen.total("vstep_jobs_running") == 0
        ),
    )

    assert told.total("vstep_runs_total", skill="writing", outcome="failed") == 1
    retried = told.total("vstep_runs_total", outcome="retried")
    assert 1 <= retried <= CHILDREN
    assert told.total("vstep_job_retries_total", reason="transient") == retried
    assert told.values("vstep_jobs_failed_total", skill="writing", reason="grader_failed") == [1]
    assert told.values("vstep_sla_jobs_total", skill="writing", outcome="kept") == [4]
    assert told.values("vstep_sla_jobs_total", skill="writing", outcome="missed") == [1]
    assert told.values("vstep_job_duration_seconds_count", state="completed", skill="writing") == [
        4
    ]
    # A job waits once, and starts with each run.
    stages = "vstep_job_stage_duration_seconds_count"
    assert told.values(stages, skill="writing", stage="waiting") == [5]
    assert told.values(stages, skill="writing", stage="starting") == [5 + retried]
    assert told.values(stages, skill="writing", stage="scoring") == [4]
    assert told.values("vstep_worker_processes") == [1 + CHILDREN]
    [memory] = told.values("vstep_worker_resident_memory_bytes")
    assert memory > told.total("process_resident_memory_bytes")
    assert_well_formed(told)

    watched.grade("silent:60", "silent:60")
    await_told(watched.worker_port, lambda seen: seen.total("vstep_jobs_running") == CHILDREN)
    watched.worker.kill_children()
    # What they were at is gone with them; what they counted is not.
    told = await_told(watched.worker_port, lambda seen: seen.total("vstep_jobs_running") == 0)
    assert told.total("vstep_runs_total", outcome="completed") == 4
    # The server tells of the loss.
    told = await_told(
        watched.server_port, lambda seen: seen.total("vstep_leases_lapsed_total") == CHILDREN
    )
    assert told.total("vstep_job_retries_total", reason="worker_lost") == CHILDREN


def test_a_server_tells_of_calls_jobs_and_what_it_leans_on(watched: Watched) -> None:
    door = watched.door
    [job_id] = watched.grade("quick")
    stream = door.watch(job_id)
    assert stream.wait().code is grpc.StatusCode.OK
    refused = refusal(lambda: door.grading.GetJob(GetJobRequest(job_id="nonsense")))
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    unknown: Any = door.channel.unary_unary("/vstep.grading.v1.GradingService/Guess")
    for _ in range(3):
        assert refusal(lambda: unknown(b"")).code is grpc.StatusCode.UNIMPLEMENTED

    told = await_told(
        watched.server_port, lambda seen: seen.total("vstep_workers", skill="writing") == 1
    )
    calls = "vstep_rpc_calls_total"
    assert told.values(calls, method="GradingService/SubmitJob", code="OK") == [1]
    assert told.values(calls, method="GradingService/GetJob", code="INVALID_ARGUMENT") == [1]
    assert told.values(calls, method="GradingService/WatchJob", code="OK") == [1]
    assert told.values(calls, method="unknown", code="UNIMPLEMENTED") == [3]
    assert not told.values(calls, method="GradingService/Guess")
    assert told.values(
        "vstep_rpc_refusals_total",
        method="GradingService/GetJob",
        reason="ERROR_REASON_INVALID_FIELD",
    ) == [1]
    assert told.total("vstep_rpc_messages_sent_total", method="GradingService/WatchJob") == len(
        stream.events
    )
    assert told.values("vstep_rpc_streams_open", method="GradingService/WatchJob") == [0]
    assert told.values("vstep_rpc_duration_seconds_count", method="GradingService/SubmitJob") == [1]
    assert told.values("vstep_jobs_accepted_total", skill="writing") == [1]
    assert told.values("vstep_relay_messages_total", skill="writing") == [1]
    assert told.values("vstep_worker_slots", skill="writing") == [CHILDREN]
    assert told.values("vstep_workers", skill="speaking") == [0]
    assert told.values("vstep_sla_seconds", skill="speaking") == [3600]
    assert told.values("vstep_dependency_up", dependency="postgres") == [1]
    assert told.values("vstep_provider_budget_dollars") == [float("inf")]
    assert told.total("vstep_database_size_bytes") > 0
    assert told.total("vstep_recordings_disk_free_bytes") > 0
    assert told.total("process_resident_memory_bytes") > 0
    assert [labels for name, labels, _ in told.samples if name == "vstep_build_info"] == [
        {"component": "server", "version": "0.1.0"}
    ]
    assert_well_formed(told)


def test_queues_are_told_by_skill_with_the_age_of_the_oldest(stack: Stack) -> None:
    port = free_port()
    server = stack.start_server(GRADING_METRICS_PORT=str(port))
    for _ in range(3):
        server.door.grading.SubmitJob(submission())
    stack.database.rows(
        "UPDATE outbox SET accepted_at = accepted_at - interval '90 s' RETURNING job_id"
    )

    told = await_told(
        port,
        lambda seen: (
            seen.total("vstep_jobs", skill="writing", state="queued") == 3
            and seen.total("vstep_queue_oldest_seconds", skill="writing") > 90
            # The relay has sent them by now.
            and seen.total("vstep_outbox_unsent_jobs") == 0
        ),
    )
    assert told.values("vstep_queue_jobs", skill="writing") == [3]
    assert told.values("vstep_queue_jobs", skill="speaking") == [0]
    assert told.values("vstep_queue_oldest_seconds", skill="speaking") == [0]
    assert told.values("vstep_queue_limit_jobs", skill="writing") == [100_000]


@pytest.mark.parametrize(
    ("variable", "arguments"),
    [
        ("GRADING_METRICS_PORT", ("-m", "server")),
        ("WORKER_METRICS_PORT", ("-m", "celery", "-A", SCRIPTED, "worker")),
    ],
)
def test_a_port_that_is_taken_stops_the_start_with_the_variables_name(
    tmp_path: Path, variable: str, arguments: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        settings = {
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
            "CELERY_BROKER_URL": f"filesystem://{tmp_path}",
            "GRADING_METRICS_HOST": "127.0.0.1",
            variable: port,
        }
        started = Process("second", arguments, settings, tmp_path)
        assert started.wait(60) != 0

    said = started.output().strip().splitlines()
    assert said[-1] == f"GRADING_METRICS_HOST, {variable}: 127.0.0.1:{port} can't be listened on"
