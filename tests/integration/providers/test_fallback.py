"""With ``GRADING_FALLBACK=embedded`` no fault of a provider keeps a job from its result."""

import pytest

from tests.integration.providers.desk import Desk
from tests.integration.providers.fault_table import FAULTS
from tests.integration.providers.played import played
from tests.integration.providers.wire_faults import FaultCase
from tests.stack.provider.errors import server_error
from workers.writing.measurer import MeasuringHere


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_the_embedded_grader_takes_over_once_no_retry_is_left(desk: Desk, case: FaultCase) -> None:
    job_id = desk.submit()
    with played(case, desk) as url:
        worker = desk.worker(
            url, grading_fallback="embedded", grading_max_retries=1, **case.settings(desk.prefix)
        )
        desk.run_to_end(worker, job_id)
    calls = 2 if case.fault.retryable else 1
    assert (desk.job(job_id)["state"], desk.job(job_id)["run"]) == ("completed", calls)
    assert desk.outcomes(job_id) == [case.fault.code] * calls
    assert len(desk.provider.chat.calls) == calls * case.requests
    provenance = desk.result(job_id).provenance
    assert (provenance.grader, provenance.fallback) == ("embedded-writing", case.fault.code)
    assert provenance.models == ()


def test_a_passing_fault_that_passes_needs_no_fallback(desk: Desk) -> None:
    job_id = desk.submit()
    desk.provider.chat.queue(server_error(), server_error())
    desk.run_to_end(desk.worker(grading_fallback="embedded", grading_max_retries=2), job_id)
    assert desk.outcomes(job_id) == ["server_fault", "server_fault", "answered"]
    provenance = desk.result(job_id).provenance
    assert (provenance.grader, provenance.fallback) == ("llm-writing", "")


@pytest.mark.parametrize("scorers", ["both", "evidence"])
def test_all_is_measured_that_the_embedded_grader_wants(desk: Desk, scorers: str) -> None:
    job_id = desk.submit()
    desk.provider.chat.queue(server_error())
    worker = desk.worker(
        measurer=MeasuringHere(),
        grading_fallback="embedded",
        grading_max_retries=0,
        grading_scorers=scorers,
    )
    desk.run_to_end(worker, job_id)
    result = desk.result(job_id)
    assert (result.provenance.grader, result.provenance.fallback) == (
        "embedded-writing",
        "server_fault",
    )
    assert any(tool.startswith("spacy ") for tool in result.provenance.tools)
    kinds = {item.kind for criterion in result.criteria for item in criterion.evidence}
    assert "complex_nominals" in kinds  # which the parser alone finds
