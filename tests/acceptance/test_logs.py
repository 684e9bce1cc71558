"""Logs of real processes: one JSON object a line, whoever writes it, and under which ids."""

import json
import signal
from typing import Any

import pytest
from grpc import StatusCode

from tests.stack.door import refusal
from tests.stack.process import Process
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages

#: Stands in what a learner writes, and may stand in no line.
MARKER = "Zanzibar"


def _lines(process: Process) -> list[dict[str, Any]]:
    lines = []
    for written in process.output().splitlines():
        line = json.loads(written)
        assert isinstance(line, dict), written
        assert {"event", "level", "timestamp"} <= line.keys(), written
        lines.append(line)
    return lines


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_every_line_is_a_json_object(stack: Stack, pool: str) -> None:
    server = stack.start_server()
    worker = stack.start_worker(pool=pool)
    grading = server.door.grading
    ids = []
    for script in ("boom", "flaky:1", "silent:0.1"):
        request = submission(f"{script} {MARKER}")
        job_id = grading.SubmitJob(request, metadata=(("x-request-id", f"call-{script}"),)).job.id
        ids.append(job_id)
        assert server.door.watch(job_id).wait().code is StatusCode.OK
    lost = messages.GetJobRequest(job_id=MARKER)
    assert refusal(lambda: grading.GetJob(lost)).code is StatusCode.INVALID_ARGUMENT
    for process in (worker, server):
        process.signal(signal.SIGTERM)
    assert (worker.wait(15), server.wait(15)) == (0, 0)

    told = _lines(server)
    calls = {line["request_id"]: line for line in told if line["event"] == "call"}
    assert [calls[f"call-{script}"]["job_id"] for script in ("boom", "flaky:1", "silent:0.1")] == (
        ids
    )
    runs = [line for line in _lines(worker) if line["event"] == "job_claimed"]
    assert [(line["job_id"], line["run"]) for line in runs] == [
        (ids[0], 1), (ids[1], 1), (ids[1], 2), (ids[2], 1),
    ]  # fmt: skip
    assert any("Warm shutdown" in line["event"] for line in _lines(worker))
    assert MARKER not in server.output() + worker.output()
