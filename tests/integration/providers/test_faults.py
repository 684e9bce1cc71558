"""Every fault of a provider: its class, the calls made, the job's end, and nothing told."""

from collections.abc import Iterator

import pytest

from tests.integration.providers.desk import Desk
from tests.integration.providers.ends import nothing_told, see_it_failed, see_it_retried
from tests.integration.providers.fault_table import FINAL, RETRYABLE
from tests.integration.providers.wire_faults import FaultCase


@pytest.fixture(autouse=True)
def silence(desk: Desk, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with nothing_told(desk, caplog):
        yield


@pytest.mark.parametrize("case", RETRYABLE, ids=lambda case: case.name)
def test_a_passing_fault_is_retried_until_the_retries_are_used_up(
    desk: Desk, case: FaultCase
) -> None:
    see_it_retried(desk, case)


@pytest.mark.parametrize("case", FINAL, ids=lambda case: case.name)
def test_a_final_fault_fails_the_job_after_one_call(desk: Desk, case: FaultCase) -> None:
    see_it_failed(desk, case)
