"""How jobs end whose provider fails them, each time they are run."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from tests.integration.providers.job_desk import ANSWERED, ASKED, KEY, SAID, JobDesk
from tests.integration.providers.played import played
from tests.integration.providers.wire_faults import FaultCase

#: After which a passing fault fails the job.
RETRIES = 2

_STORED = ("jobs", "runs", "events", "provider_calls", "provider_answers")


@contextmanager
def nothing_told(desk: JobDesk, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
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


def see_it_retried(desk: JobDesk, case: FaultCase) -> None:
    """A passing fault is retried until the retries are used up."""
    job_id = desk.submit()
    with played(case, desk) as url:
        worker = desk.worker(url, grading_max_retries=RETRIES, **case.settings(desk.prefix))
        waits = desk.run_to_end(worker, job_id)
    job = desk.job(job_id)
    assert (job["state"], job["error_reason"]) == ("failed", "retries_exhausted")
    assert (job["run"], job["retries"]) == (RETRIES + 1, RETRIES)
    assert job["error_message"].startswith(f"{case.fault.code}: ")
    runs = desk.database.rows("SELECT error_reason, error_message FROM runs ORDER BY run")
    assert [run["error_reason"] for run in runs] == [*["transient"] * RETRIES, "retries_exhausted"]
    assert all(run["error_message"].startswith(f"{case.fault.code}: ") for run in runs)
    assert len(desk.route.calls) == (RETRIES + 1) * case.requests
    assert desk.outcomes(job_id) == [case.fault.code] * (RETRIES + 1)
    for retry, waited in enumerate(waits, start=1):
        least, most = case.wait or (0.8 * 2**retry, 1.2 * 2**retry)
        assert least - 0.001 <= waited <= most + 0.001


def see_it_failed(desk: JobDesk, case: FaultCase) -> None:
    """A final fault fails the job after one call."""
    job_id = desk.submit()
    with played(case, desk) as url:
        assert desk.run_to_end(desk.worker(url, **case.settings(desk.prefix)), job_id) == []
    job = desk.job(job_id)
    assert (job["state"], job["error_reason"]) == ("failed", "provider_failed")
    assert (job["run"], job["retries"]) == (1, 0)
    assert job["error_message"].startswith(f"{case.fault.code}: ")
    assert len(desk.route.calls) == 1
    assert desk.outcomes(job_id) == [case.fault.code]
