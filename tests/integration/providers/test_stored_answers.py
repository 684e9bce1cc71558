"""What a model answered is paid for once, kept as long as the learner's answer, and no longer."""

from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from grading.domain.usage import Usage
from grading.store.erasure import erase_job
from grading.store.provider_answers import KeptAnswer, ProviderCall, record_call
from grading.store.retention import purge_answers
from grading.store.schema import migrate
from tests.integration.providers.desk import Desk
from tests.stack.postgres import Database, private_postgres
from tests.stack.provider.server import Provider
from tests.stack.waiting import until

FIRST, SECOND = "model-one", "model-two"


def _asked(desk: Desk, model: str) -> int:
    return sum(1 for call in desk.provider.chat.calls if call.model == model)


def _kept(desk: Desk) -> list[str]:
    rows = desk.database.rows("SELECT stage FROM provider_answers ORDER BY stage")
    return [row["stage"] for row in rows]


def _lose_a_run_after_its_first_answer(desk: Desk) -> UUID:
    """A job whose run is lost while the second model is still to answer."""
    job_id = desk.submit()
    worker = desk.worker(openai_model=FIRST, openai_second_model=SECOND)
    with desk.provider.chat.hold(lambda call: call.model == SECOND) as gate:
        with desk.running(worker, job_id):
            gate.await_held(1)
            until(lambda: _kept(desk) == ["evidence"])
            desk.lapse(job_id)
        assert desk.job(job_id)["state"] == "retrying"
    desk.let_pass()
    return job_id


def test_the_next_run_recalls_what_was_answered(desk: Desk) -> None:
    job_id = _lose_a_run_after_its_first_answer(desk)
    desk.run_to_end(desk.worker(openai_model=FIRST, openai_second_model=SECOND), job_id)
    assert (desk.job(job_id)["state"], desk.job(job_id)["run"]) == ("completed", 2)
    first, second = desk.result(job_id).provenance.models
    assert (first.stage, first.model, first.recalled) == ("evidence", FIRST, True)
    assert (second.stage, second.model, second.recalled) == ("second_evidence", SECOND, False)
    assert (first.usage, first.usage.total) == (Usage(1200, 300), 1500)
    assert (_asked(desk, FIRST), _asked(desk, SECOND)) == (1, 2)


def test_a_kept_answer_that_can_not_be_used_any_more_is_asked_anew(desk: Desk) -> None:
    job_id = _lose_a_run_after_its_first_answer(desk)
    desk.database.rows("UPDATE provider_answers SET content = '{}' WHERE stage = 'evidence'")
    desk.run_to_end(desk.worker(openai_model=FIRST), job_id)
    assert desk.job(job_id)["state"] == "completed"
    assert not desk.result(job_id).provenance.models[0].recalled
    assert _asked(desk, FIRST) == 2
    [kept] = desk.database.rows("SELECT content FROM provider_answers WHERE stage = 'evidence'")
    assert kept["content"] != "{}"


def test_another_model_or_another_sampling_is_asked_anew(desk: Desk) -> None:
    job_id = _lose_a_run_after_its_first_answer(desk)
    desk.run_to_end(desk.worker(openai_model=FIRST, openai_temperature=1), job_id)
    assert not desk.result(job_id).provenance.models[0].recalled
    assert _asked(desk, FIRST) == 2
    assert _kept(desk) == ["evidence", "evidence"]


def test_an_answer_outlasts_a_database_that_is_away_for_a_moment(provider: Provider) -> None:
    with private_postgres() as postgres:
        database = Database(postgres.url)
        engine = database.make_engine(pool_size=1)
        migrate(engine)
        with engine.connect() as conn, closing(Desk(database, conn, provider)) as desk:
            job_id = desk.submit()
            with desk.running(desk.worker(), job_id), provider.chat.hold() as gate:
                gate.await_held(1)
                postgres.kill()
                gate.open()
                provider.chat.await_ended(provider.chat.calls[0])
                postgres.start()
            job = desk.job(job_id)
            assert (job["state"], job["run"], job["retries"]) == ("completed", 1, 0)
            assert desk.outcomes(job_id) == ["answered"]
            assert _kept(desk) == ["evidence"]
            assert len(provider.chat.calls) == 1
        engine.dispose()


def test_an_erased_job_takes_answers_and_calls_along(desk: Desk) -> None:
    job_id = desk.submit()
    desk.run_to_end(desk.worker(), job_id)
    assert (len(_kept(desk)), len(desk.calls(job_id))) == (1, 1)
    erase_job(desk.conn, job_id)
    assert _kept(desk) == []
    assert desk.database.rows("SELECT * FROM provider_calls") == []


def test_a_call_that_ends_after_its_job_was_erased_leaves_its_cost_alone(desk: Desk) -> None:
    job_id = desk.submit()
    erase_job(desk.conn, job_id)
    usage = Usage(100, 10)
    answer = KeptAnswer(FIRST, "{}", usage, Decimal("0.5"))
    call = ProviderCall(
        "evidence", "hash", "host", FIRST, "answered", timedelta(1), usage, answer.cost, answer
    )
    record_call(desk.conn, job_id, 1, call)
    assert _kept(desk) == []
    assert desk.database.rows("SELECT * FROM provider_calls") == []
    assert desk.database.rows("SELECT cost FROM spending") == [{"cost": Decimal("0.5")}]


def test_retention_purges_what_models_said_of_answers_with_these(desk: Desk) -> None:
    old, young = desk.submit(), desk.submit()
    worker = desk.worker()
    for job_id in (old, young):
        desk.run_to_end(worker, job_id)
    desk.conn.execute(
        text("UPDATE jobs SET ended_at = now() - interval '2 days' WHERE id = :id"), {"id": old}
    )
    assert purge_answers(desk.conn, timedelta(days=1), 100) == 1
    left = desk.database.rows("SELECT job_id FROM provider_answers")
    assert left == desk.database.rows("SELECT job_id FROM answers") == [{"job_id": young}]
    # What it cost holds nothing of it.
    assert len(desk.calls(old)) == 1
