"""What a provider heard: what becomes of it, and that it is paid for once."""

import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from grading.domain.audio import NotAssessableReason
from grading.domain.result import NotAssessable
from grading.domain.usage import Usage
from grading.store.erasure import erase_job
from grading.store.jobs import get_result
from tests.integration.providers.speech_desk import HEARD, SpeechDesk
from tests.stack.light_listener import LightListener
from tests.stack.provider.transcriptions import Transcribed, Word
from tests.stack.waiting import until

PRICE: dict[str, Any] = {"stt_price_per_minute": "0.006"}


def _kept(desk: SpeechDesk) -> list[str]:
    rows = desk.database.rows("SELECT content FROM provider_answers ORDER BY created_at")
    return [row["content"] for row in rows]


def test_the_result_tells_what_was_heard_and_by_whom(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit(b"OggS")
    speech_desk.run_to_end(speech_desk.worker(**PRICE), job_id)
    result = speech_desk.result(job_id)
    assert result.transcript is not None
    assert result.transcript.text == HEARD.text.strip()
    assert (result.transcript.language, result.transcript.language_confidence) == ("en", None)
    assert result.transcript.engine == "whisper-1 127.0.0.1"
    provenance = result.provenance
    assert (provenance.grader, provenance.fallback) == ("embedded-speaking", "")
    assert provenance.feature_version == "speaking-1.0+transcription-1.0"
    assert not set(LightListener.recogniser) & set(provenance.tools)
    [use] = provenance.models
    assert (use.stage, use.model, use.recalled) == ("transcription", "whisper-1", False)
    assert (use.usage, use.cost) == (Usage(audio_seconds=60.0), Decimal("0.006"))
    [call] = speech_desk.calls(job_id)
    assert (call["audio_seconds"], call["cost"]) == (60.0, use.cost)
    assert call["prompt_tokens"] == call["completion_tokens"] == 0
    [request] = speech_desk.route.calls
    assert request.form.files["file"].content == b"fLaCOggS"


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (replace(HEARD, words=(Word("Thanks", 59.95, 59.99),), text="Thanks."), "Thanks."),
        (Transcribed.of("Xin chào các bạn.", language="vietnamese"), "Xin"),
    ],
    ids=["a single word", "another language"],
)
def test_other_answers_are_taken_as_they_are(
    speech_desk: SpeechDesk, told: Transcribed, word: str
) -> None:
    job_id = speech_desk.submit()
    speech_desk.route.queue(told)
    speech_desk.run_to_end(speech_desk.worker(), job_id)
    transcript = speech_desk.result(job_id).transcript
    assert transcript is not None
    assert transcript.words[0].text == word


def test_where_no_word_is_left_there_is_nothing_to_grade(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    silent = replace(HEARD.segments[0], no_speech_prob=0.95, avg_logprob=-1.5)
    speech_desk.route.queue(replace(HEARD, segments=(silent,)))
    speech_desk.run_to_end(speech_desk.worker(**PRICE), job_id)
    assert speech_desk.job(job_id)["state"] == "completed"
    outcome = get_result(speech_desk.conn, job_id).result
    assert isinstance(outcome, NotAssessable)
    assert outcome.reason is NotAssessableReason.NO_SPEECH
    # It was paid for all the same.
    assert outcome.provenance.models[0].cost == Decimal("0.006")


def _lose_a_run_after_its_answer(desk: SpeechDesk) -> UUID:
    """A job whose run is lost between the provider's answer and its end."""
    job_id = desk.submit()
    measuring, go_on = threading.Event(), threading.Event()

    def measured() -> None:
        measuring.set()
        assert go_on.wait(10)

    worker = desk.worker(listener=LightListener(measured=measured), **PRICE)
    with desk.running(worker, job_id):
        assert measuring.wait(10)
        desk.lapse(job_id)
        go_on.set()
    assert desk.job(job_id)["state"] == "retrying"
    assert len(_kept(desk)) == 1
    desk.let_pass()
    return job_id


def test_the_next_run_recalls_what_was_heard(speech_desk: SpeechDesk) -> None:
    job_id = _lose_a_run_after_its_answer(speech_desk)
    speech_desk.run_to_end(speech_desk.worker(**PRICE), job_id)
    assert (speech_desk.job(job_id)["state"], speech_desk.job(job_id)["run"]) == ("completed", 2)
    [use] = speech_desk.result(job_id).provenance.models
    assert use.recalled
    assert (use.usage, use.cost) == (Usage(audio_seconds=60.0), Decimal("0.006"))
    assert len(speech_desk.route.calls) == 1
    assert speech_desk.outcomes(job_id) == ["answered"]
    [spent] = speech_desk.database.rows("SELECT cost FROM spending")
    assert spent["cost"] == Decimal("0.006")


def test_another_model_is_asked_anew(speech_desk: SpeechDesk) -> None:
    job_id = _lose_a_run_after_its_answer(speech_desk)
    speech_desk.run_to_end(speech_desk.worker(stt_model="whisper-2"), job_id)
    assert not speech_desk.result(job_id).provenance.models[0].recalled
    assert len(speech_desk.route.calls) == len(_kept(speech_desk)) == 2


def test_a_kept_answer_that_can_not_be_used_any_more_is_asked_anew(
    speech_desk: SpeechDesk,
) -> None:
    job_id = _lose_a_run_after_its_answer(speech_desk)
    speech_desk.database.rows("UPDATE provider_answers SET content = '{}'")
    speech_desk.run_to_end(speech_desk.worker(), job_id)
    assert not speech_desk.result(job_id).provenance.models[0].recalled
    [kept] = _kept(speech_desk)
    assert kept != "{}"


def test_an_erased_job_takes_what_was_heard_along(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    speech_desk.run_to_end(speech_desk.worker(), job_id)
    assert len(_kept(speech_desk)) == 1
    erase_job(speech_desk.conn, job_id)
    assert _kept(speech_desk) == []
    assert speech_desk.database.rows("SELECT * FROM provider_calls") == []


def test_unusable_answers_cost_as_much(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    speech_desk.route.choose = lambda _: HEARD.but("words", "segments", "usage")
    speech_desk.run_to_end(speech_desk.worker(grading_max_retries=1, **PRICE), job_id)
    calls = speech_desk.calls(job_id)
    assert [(call["audio_seconds"], call["cost"]) for call in calls] == [(60, Decimal("0.006"))] * 2


def test_what_failed_on_the_way_costs_nothing(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    speech_desk.route.choose = lambda _: Transcribed("", (), ()).but("text")
    speech_desk.run_to_end(speech_desk.worker(grading_max_retries=0, **PRICE), job_id)
    [call] = speech_desk.calls(job_id)
    assert (call["outcome"], call["audio_seconds"], call["cost"]) == (
        "response_malformed",
        None,
        None,
    )


def _settings(**more: str) -> dict[str, Any]:
    return {**PRICE, "grading_budget": "1", **more}


def _spend(desk: SpeechDesk, cost: str) -> None:
    desk.conn.execute(
        text("INSERT INTO spending VALUES (date_trunc('month', now() AT TIME ZONE 'utc'), :cost)"),
        {"cost": Decimal(cost)},
    )


def test_a_spent_budget_leaves_recordings_to_the_embedded_recogniser(
    speech_desk: SpeechDesk,
) -> None:
    _spend(speech_desk, "0.9999")
    before, after = speech_desk.submit(), speech_desk.submit()
    worker = speech_desk.worker(**_settings())
    speech_desk.run_to_end(worker, before)
    assert speech_desk.result(before).provenance.fallback == ""
    speech_desk.run_to_end(worker, after)
    assert speech_desk.result(after).provenance.fallback == "budget_spent"
    assert (speech_desk.job(after)["run"], speech_desk.calls(after)) == (1, [])
    assert len(speech_desk.route.calls) == 1


def test_jobs_may_wait_for_the_budget_to_be_raised(speech_desk: SpeechDesk) -> None:
    _spend(speech_desk, "1")
    job_id = speech_desk.submit()
    worker = speech_desk.worker(**_settings(grading_budget_action="wait"))
    with speech_desk.running(worker, job_id):
        pass
    job = speech_desk.job(job_id)
    assert (job["state"], job["retries"], job["wait"]) == ("retrying", 0, 60)
    speech_desk.let_pass()
    speech_desk.run_to_end(speech_desk.worker(**_settings(grading_budget="2")), job_id)
    assert speech_desk.result(job_id).provenance.fallback == ""


def test_an_answer_is_there_before_it_is_used(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    seen: list[int] = []
    listener = LightListener(measured=lambda: seen.append(len(_kept(speech_desk))))
    with speech_desk.running(speech_desk.worker(listener=listener), job_id):
        until(lambda: seen == [1])
