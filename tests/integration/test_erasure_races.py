"""An erasure beside another transaction leaves nothing behind and breaks nothing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from grading.store import runs
from grading.store.acceptance import Accepted, accept
from grading.store.erasure import erase_job
from grading.store.outbox import mark_sent, take_unsent, unsend_lost
from grading.store.reaping import release_due_retries
from grading.store.runs import release_run
from tests.stack.postgres import Database
from tests.stack.submissions import new_job


def test_many_may_erase_the_same_job_at_once(
    engine: Engine, conn: Connection, database: Database
) -> None:
    job = new_job()
    accept(conn, [job])

    def erase(_: int) -> object:
        with engine.connect() as own:
            return erase_job(own, job.id)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(erase, range(8)))) == 1
    assert len(database.rows("SELECT job_id FROM deletions")) == 1


def test_a_job_erased_while_its_retry_is_released_is_not_sent_for_ever(
    engine: Engine, conn: Connection, database: Database
) -> None:
    """The erasure began before the outbox row was there, and can't remove it."""
    job = new_job()
    accept(conn, [job])
    held = runs.claim(conn, job.id, "worker-1", timedelta(seconds=30))
    assert held is not None
    release_run(conn, held)

    def erase() -> object:
        with engine.connect() as own:
            return erase_job(own, job.id)

    with ThreadPoolExecutor(1) as pool:
        with engine.execution_options(isolation_level="READ COMMITTED").begin() as reaper:
            assert release_due_retries(reaper, 10) == 1
            erased = pool.submit(erase)
            with pytest.raises(TimeoutError):
                erased.result(timeout=0.3)
        erased.result(timeout=5)

    mark_sent(conn, take_unsent(conn, "writing", 10))
    conn.execute(text("UPDATE outbox SET sent_at = sent_at - interval '1 h'"))
    unsend_lost(conn, timedelta(seconds=60), 10)
    assert database.counts()["outbox"] == 0


def test_what_stood_in_the_way_may_be_erased_meanwhile(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes between the refusal by the index and the look at what refused."""
    first = new_job()
    accept(conn, [first])
    execute = conn.execute
    statements: list[object] = []

    def erase_before_the_second(*arguments: object) -> object:
        statements.append(arguments[0])
        if len(statements) == 2:
            execute(text("DELETE FROM jobs WHERE id = :id"), {"id": first.id})
        return execute(*arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(conn, "execute", erase_before_the_second)
    again = replace(new_job(), request_id=first.request_id, submission_id=first.submission_id)
    [accepted] = accept(conn, [again])

    assert isinstance(accepted, Accepted)
    assert (accepted.job.id, accepted.deduplicated) == (again.id, False)
    assert len(statements) == 3
