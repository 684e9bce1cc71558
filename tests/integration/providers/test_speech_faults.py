"""Every fault of a provider of transcriptions: class, calls, the end of the job, nothing told."""

from collections.abc import Iterator

import pytest

from tests.integration.providers.ends import nothing_told, see_it_failed, see_it_retried
from tests.integration.providers.speech_desk import SpeechDesk
from tests.integration.providers.speech_fault_table import FINAL, RETRYABLE
from tests.integration.providers.wire_faults import FaultCase


@pytest.fixture(autouse=True)
def silence(speech_desk: SpeechDesk, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with nothing_told(speech_desk, caplog):
        yield


@pytest.mark.parametrize("case", RETRYABLE, ids=lambda case: case.name)
def test_a_passing_fault_is_retried_until_the_retries_are_used_up(
    speech_desk: SpeechDesk, case: FaultCase
) -> None:
    see_it_retried(speech_desk, case)


@pytest.mark.parametrize("case", FINAL, ids=lambda case: case.name)
def test_a_final_fault_fails_the_job_after_one_call(
    speech_desk: SpeechDesk, case: FaultCase
) -> None:
    see_it_failed(speech_desk, case)
