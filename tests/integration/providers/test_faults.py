"""Every fault of a provider: its class, the calls made, the job's end, and nothing told."""

import logging
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.integration.providers.desk import ANSWERED, ASKED, KEY, SAID, Desk
from tests.integration.providers.fault_table import FINAL, RETRYABLE, FaultCase
from tests.integration.providers.played import played

#: After which a passing fault fails the job.
RETRIES = 2

_STORED = ("jobs", "runs", "events", "provider_calls", "provider_answers")


@pytest.fixture(autouse=True)
def nothing_told(desk: Desk, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No log and no row holds a word of what was asked and answered, or the key."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as events:
        yield
    assert events
    log = [logging.Formatter().format(record) for record in caplog.get_records("call")]
    assert log
    rows = [desk.database.rows(f"SELECT * FROM {table}") for table in _STORED]  # noqa: S608
    for place in (repr(rows), repr(events), repr(log)):
        for word in (ANSWERED, ASKED, SAID, KEY):
            assert word not in place


@pytest.mark.parametrize("case", RETRYABLE, ids=lambda case: case.name)
def test_a_passing_fault_is_retried_until_the_retries_are_used_up(
    desk: Desk, case: FaultCase
) -> None:
    job_id = desk.submit()
    with played(case, desk) as url:
        worker = desk.worker(url, grading_max_retries=RETRIES, **case.settings)
        waits = desk.run_to_end(worker, job_id)
    job = desk.job(job_id)
    assert (job["state"], job["error_reason"]) == ("failed", "retries_exhausted")
    assert (job["run"], job["retries"]) == (RETRIES + 1, RETRIES)
    assert job["error_message"].startswith(f"{case.fault.code}: ")
    runs = desk.database.rows("SELECT error_reason, error_message FROM runs ORDER BY run")
    assert [run["error_reason"] for run in runs] == [*["transient"] * RETRIES, "retries_exhausted"]
    assert all(run["error_message"].startswith(f"{case.fault.code}: ") for run in runs)
    assert len(desk.provider.chat.calls) == (RETRIES + 1) * case.requests
    assert desk.outcomes(job_id) == [case.fault.code] * (RETRIES + 1)
    for retry, waited in enumerate(waits, start=1):
        least, most = case.wait or (0.8 * 2**retry, 1.2 * 2**retry)
        assert least - 0.001 <= waited <= most + 0.001


@pytest.mark.parametrize("case", FINAL, ids=lambda case: case.name)
def test_a_final_fault_fails_the_job_after_one_call(desk: Desk, case: FaultCase) -> None:
    job_id = desk.submit()
    with played(case, desk) as url:
        assert desk.run_to_end(desk.worker(url, **case.settings), job_id) == []
    job = desk.job(job_id)
    assert (job["state"], job["error_reason"]) == ("failed", "provider_failed")
    assert (job["run"], job["retries"]) == (1, 0)
    assert job["error_message"].startswith(f"{case.fault.code}: ")
    assert len(desk.provider.chat.calls) == 1
    assert desk.outcomes(job_id) == [case.fault.code]
