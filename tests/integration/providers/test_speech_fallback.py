"""With ``GRADING_FALLBACK=embedded`` no fault of a provider leaves a recording unheard."""

import pytest

from tests.integration.providers.played import played
from tests.integration.providers.speech_desk import HEARD, SpeechDesk
from tests.integration.providers.speech_fault_table import SPEECH_FAULTS
from tests.integration.providers.wire_faults import FaultCase
from tests.stack.light_listener import EMBEDDED, LightListener
from tests.stack.provider.errors import server_error
from workers.providers.faults import ProviderFault


@pytest.mark.parametrize("case", SPEECH_FAULTS, ids=lambda case: case.name)
def test_the_embedded_recogniser_takes_over_once_no_retry_is_left(
    speech_desk: SpeechDesk, case: FaultCase
) -> None:
    job_id = speech_desk.submit()
    with played(case, speech_desk) as url:
        worker = speech_desk.worker(
            url, grading_fallback="embedded", grading_max_retries=1, **case.settings("stt")
        )
        speech_desk.run_to_end(worker, job_id)
    calls = 2 if case.fault.retryable else 1
    assert (speech_desk.job(job_id)["state"], speech_desk.job(job_id)["run"]) == (
        "completed",
        calls,
    )
    assert speech_desk.outcomes(job_id) == [case.fault.code] * calls
    assert len(speech_desk.route.calls) == calls * case.requests
    result = speech_desk.result(job_id)
    assert result.transcript == EMBEDDED
    provenance = result.provenance
    assert (provenance.fallback, provenance.models) == (case.fault.code, ())
    assert provenance.feature_version == "speaking-1.0"
    assert set(LightListener.recogniser) <= set(provenance.tools)


def test_a_fault_that_passes_needs_no_fallback(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    speech_desk.route.queue(server_error(), server_error())
    worker = speech_desk.worker(grading_fallback="embedded", grading_max_retries=2)
    speech_desk.run_to_end(worker, job_id)
    assert speech_desk.outcomes(job_id) == ["server_fault", "server_fault", "answered"]
    result = speech_desk.result(job_id)
    assert result.transcript is not None
    assert result.transcript.text == HEARD.text.strip()
    assert result.provenance.fallback == ""


def test_the_faults_are_those_of_models_that_give_evidence() -> None:
    codes = {case.fault.code for case in SPEECH_FAULTS}
    known = {fault.code for fault in ProviderFault.__subclasses__()}
    # A transcription is not cut off, refused, or asked for in another form; the circuit and the
    # budget have tests of their own.
    assert known - codes == {
        "answer_cut_short",
        "answer_not_json",
        "model_refused",
        "circuit_open",
        "budget_spent",
    }
