"""A worker with ``GRADING_CALIBRATION``: it grades with it, or it doesn't start."""

from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from grading.domain.mark_scale import MarkScale
from grading.domain.work import WritingTask
from tests.stack.process import CHECKOUT
from tests.stack.stack import EMBEDDED, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from workers.calibration.assembly import document
from workers.calibration.calibrate import write_calibration
from workers.writing.embedded import RUBRIC_VERSION

_ESSAY = (CHECKOUT / "tests/cases/writing/traffic-b2-essay.md").read_text().split("---\n", 2)[2]


def _write(file: Path, rubric_version: str) -> dict[str, Any]:
    """A calibration for which every essay is worth 9."""
    targets = {WritingTask.ESSAY: {"overall": {"start": 9.0, "curves": {}}}}
    content = document("nines", rubric_version, MarkScale(0, 10, 0.5), targets)
    write_calibration(content, file)
    return content


def test_a_calibrated_result_names_its_calibration(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "nines.json"
    content = _write(file, RUBRIC_VERSION)
    stack.settings["GRADING_LEASE_SECONDS"] = "30"
    stack.start_worker(EMBEDDED, GRADING_CALIBRATION=str(file))
    server = stack.start_server()
    server.await_health("workers", seconds=60)
    # Long enough that nothing falls in proportion, and about what is asked.
    request = submission(_ESSAY.strip())
    job_id = server.door.grading.SubmitJob(request).job.id
    assert server.door.watch(job_id).wait(60).code is StatusCode.OK

    fetch = messages.GetResultRequest(job_id=job_id)
    result = server.door.grading.GetResult(fetch).result
    assert result.provenance.calibration == f"nines {content['version']}"
    for criterion in result.criteria:
        [moved] = [item for item in criterion.evidence if item.kind == "calibration"]
        assert moved.points > 0


@pytest.mark.parametrize("broken", ["other version", "no file"])
def test_a_calibration_that_does_not_fit_stops_the_worker(
    stack: Stack, tmp_path: Path, broken: str
) -> None:
    file = tmp_path / "nines.json"
    if broken == "other version":
        _write(file, "writing-0.9")
    worker = stack.start_worker(EMBEDDED, GRADING_CALIBRATION=str(file))
    until(lambda: not worker.running, 60)
    told = worker.output().splitlines()
    assert any(line.startswith("GRADING_CALIBRATION: ") for line in told), told
    assert "Traceback" not in worker.output()
