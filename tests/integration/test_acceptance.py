"""Accepting work: once, and whole or not at all."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import uuid_utils
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from grading.domain.job import JobState
from grading.exceptions import AttemptExists, RequestIdReused
from grading.store.acceptance import Accepted, accept
from grading.store.jobs import get_job
from grading.store.records import NewJob
from tests.stack.postgres import Database
from tests.stack.submissions import new_job


def _again(job: NewJob) -> NewJob:
    """The same submission, as another call of the server sees it."""
    return replace(job, id=UUID(int=uuid_utils.uuid7().int))


def test_a_job_comes_with_answer_event_and_outbox_row(conn: Connection, database: Database) -> None:
    job = new_job(text="Xin chào — “quoted”", time_allowed=timedelta(minutes=20))
    [accepted] = accept(conn, [job])

    assert isinstance(accepted, Accepted)
    assert not accepted.deduplicated
    stored = get_job(conn, job.id)
    assert accepted.job == stored
    assert (stored.state, stored.run, stored.retries) == (JobState.QUEUED, 0, 0)
    assert stored.deadline_at - stored.accepted_at == timedelta(minutes=20)
    [answer] = database.rows("SELECT * FROM answers")
    assert answer == {
        "job_id": job.id,
        "prompt": job.work.prompt.text,
        "requirements": ["Give two reasons"],
        "text": "Xin chào — “quoted”",
        "feedback_language": "en",
        "recording_id": None,
        "audio_url": None,
    }
    [event] = database.rows("SELECT job_id, sequence, run, state, stage FROM events")
    assert event == {
        "job_id": job.id, "sequence": 1, "run": 0, "state": "queued", "stage": "waiting",
    }  # fmt: skip
    [row] = database.rows("SELECT job_id, queue, sent_at, sends FROM outbox")
    assert row == {"job_id": job.id, "queue": "writing", "sent_at": None, "sends": 0}


def test_a_repeated_submission_finds_its_job(conn: Connection, database: Database) -> None:
    job = new_job()
    accept(conn, [job])
    before = database.counts()

    [repeated] = accept(conn, [_again(job)])

    assert isinstance(repeated, Accepted)
    assert repeated.deduplicated
    assert repeated.job.id == job.id
    assert database.counts() == before


def test_a_request_id_with_another_payload_is_refused(conn: Connection, database: Database) -> None:
    job = new_job()
    accept(conn, [job])
    before = database.counts()

    other = new_job(request_id=job.request_id, payload=b"another")
    [refused] = accept(conn, [other])

    assert refused == RequestIdReused(job.request_id, job.id)
    assert database.counts() == before


def test_an_attempt_has_one_job(conn: Connection, database: Database) -> None:
    job = new_job(submission_id="essay", attempt=1)
    accept(conn, [job])
    before = database.counts()

    [refused] = accept(conn, [new_job(submission_id="essay", attempt=1)])
    assert refused == AttemptExists("essay", 1, job.id)
    assert database.counts() == before

    [next_attempt] = accept(conn, [new_job(submission_id="essay", attempt=2)])
    assert isinstance(next_attempt, Accepted)


def test_a_batch_is_answered_one_by_one_in_its_order(conn: Connection, database: Database) -> None:
    first, second = new_job(), new_job()
    accept(conn, [first])
    batch = [
        second,
        _again(first),
        new_job(request_id=first.request_id, payload=b"another"),
        new_job(submission_id=first.submission_id),
    ]

    answers = accept(conn, batch)

    assert isinstance(answers[0], Accepted)
    assert (answers[0].job.id, answers[0].deduplicated) == (second.id, False)
    assert isinstance(answers[1], Accepted)
    assert (answers[1].job.id, answers[1].deduplicated) == (first.id, True)
    assert answers[2] == RequestIdReused(first.request_id, first.id)
    assert answers[3] == AttemptExists(first.submission_id, 1, first.id)
    assert database.counts()["jobs"] == 2


def test_of_equals_in_one_batch_one_makes_the_job(conn: Connection, database: Database) -> None:
    job = new_job()
    answers = accept(conn, [job, _again(job), _again(job)])

    accepted = [answer for answer in answers if isinstance(answer, Accepted)]
    assert len(accepted) == 3
    assert sorted(answer.deduplicated for answer in accepted) == [False, True, True]
    assert len({answer.job.id for answer in accepted}) == 1
    assert database.counts()["jobs"] == 1


def test_of_rivals_in_one_batch_one_makes_the_job(conn: Connection, database: Database) -> None:
    payloads = [new_job(), new_job()]
    payloads[1] = replace(payloads[1], request_id=payloads[0].request_id, payload_hash=b"2" * 32)
    attempts = [new_job(submission_id="essay"), new_job(submission_id="essay")]

    first, second, third, fourth = accept(conn, [*payloads, *attempts])

    for pair, refusal in (((first, second), RequestIdReused), ((third, fourth), AttemptExists)):
        assert {type(answer) for answer in pair} == {Accepted, refusal}
        [winner] = [answer for answer in pair if isinstance(answer, Accepted)]
        [loser] = [answer for answer in pair if not isinstance(answer, Accepted)]
        assert not winner.deduplicated
        assert isinstance(loser, RequestIdReused | AttemptExists)
        assert loser.job_id == winner.job.id
    counts = database.counts()
    assert counts["jobs"] == counts["answers"] == counts["events"] == counts["outbox"] == 2


def test_of_many_at_once_with_one_request_id_one_makes_the_job(
    engine: Engine, database: Database
) -> None:
    crowd, rounds = 8, 10
    barrier = threading.Barrier(crowd)

    def submit(jobs: list[NewJob]) -> list[bool]:
        made = []
        with engine.connect() as conn:
            for job in jobs:
                barrier.wait()
                [answer] = accept(conn, [_again(job)])
                assert isinstance(answer, Accepted)
                made.append(not answer.deduplicated)
        return made

    jobs = [new_job() for _ in range(rounds)]
    with ThreadPoolExecutor(crowd) as pool:
        made = list(pool.map(submit, [jobs] * crowd))

    assert [sum(one_round) for one_round in zip(*made, strict=True)] == [1] * rounds
    counts = database.counts()
    assert counts["jobs"] == counts["answers"] == counts["events"] == counts["outbox"] == rounds


def test_batches_with_the_same_submissions_do_not_deadlock(
    engine: Engine, database: Database
) -> None:
    """Whatever its order, a batch waits at the lowest id that another holds, and holds none."""
    low, high = sorted((new_job(), new_job()), key=lambda job: job.request_id)
    with ThreadPoolExecutor(1) as pool:
        with engine.execution_options(isolation_level="READ COMMITTED").begin() as conn:
            accept(conn, [low])

            def submit() -> list[object]:
                with engine.connect() as other:
                    return list(accept(other, [_again(high), _again(low)]))

            waiting = pool.submit(submit)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            accept(conn, [high])
        answers = waiting.result(timeout=5)
    for answer, job in zip(answers, (high, low), strict=True):
        assert isinstance(answer, Accepted)
        assert (answer.job.id, answer.deduplicated) == (job.id, True)
    assert database.counts()["jobs"] == 2


def test_a_submission_waits_for_one_under_way_with_the_same_id(
    engine: Engine, database: Database
) -> None:
    job = new_job()
    slow = engine.execution_options(isolation_level="READ COMMITTED")
    with ThreadPoolExecutor(1) as pool:
        with slow.begin() as conn:
            accept(conn, [job])

            def submit() -> object:
                with engine.connect() as other:
                    return accept(other, [_again(job)])[0]

            waiting = pool.submit(submit)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        answer = waiting.result(timeout=5)
    assert isinstance(answer, Accepted)
    assert (answer.job.id, answer.deduplicated) == (job.id, True)
    assert database.counts()["jobs"] == 1


@pytest.mark.parametrize("table", ["answers", "events", "outbox"])
def test_where_a_part_cannot_be_stored_nothing_is(
    conn: Connection, database: Database, table: str
) -> None:
    conn.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT never CHECK (false)"))
    try:
        with pytest.raises(DBAPIError):
            accept(conn, [new_job(), new_job()])
        assert set(database.counts().values()) == {0}
    finally:
        conn.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT never"))
