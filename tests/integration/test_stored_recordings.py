"""Recordings in the database: whose they are, how long they stay, and who wins a race."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from grading.exceptions import RecordingNotFound
from grading.store import runs
from grading.store.acceptance import Accepted, accept
from grading.store.erasure import erase_job
from grading.store.jobs import cancel_job, get_failed_work
from grading.store.recordings import (
    announce_recording,
    condemn_recordings,
    find_condemned,
    find_recording_of,
    find_unwanted,
    forget_condemned,
    mark_fetched,
    mark_stored,
)
from grading.store.records import Failure, FailureReason, NewJob
from grading.store.retention import purge_answers
from tests.stack.postgres import Database
from tests.stack.recordings import KEEP, let_expire, new_recording, rows_left, stored
from tests.stack.submissions import new_job, talk

URL = "https://media.test/a.wav"


def _job(conn: Connection, recording: UUID | str) -> NewJob:
    """A job that was accepted for a recording."""
    job = new_job(work=talk(recording))
    [accepted] = accept(conn, [job])
    assert isinstance(accepted, Accepted)
    return job


def _refused(conn: Connection, recording: UUID) -> bool:
    [answer] = accept(conn, [new_job(work=talk(recording))])
    return answer == RecordingNotFound(recording)


def test_a_job_names_its_recording(conn: Connection) -> None:
    recording = stored(conn)
    job = _job(conn, recording)
    assert find_recording_of(conn, job.id) == recording
    held = runs.claim(conn, job.id, "worker-1", timedelta(seconds=30))
    assert held is not None
    assert held.work == job.work
    assert held.recording_key == f"uploads/{recording}"
    assert held.user_id == "learner-1"


def test_a_recording_that_is_not_there_is_refused(conn: Connection, database: Database) -> None:
    assert _refused(conn, uuid4())
    assert database.counts()["jobs"] == 0


def test_so_is_another_learners(conn: Connection) -> None:
    assert _refused(conn, stored(conn, "learner-2"))


def test_so_is_one_whose_bytes_are_not_there_yet(conn: Connection) -> None:
    recording = new_recording()
    announce_recording(conn, recording)
    assert _refused(conn, recording.id)
    mark_stored(conn, recording.id, KEEP)
    assert not _refused(conn, recording.id)


def test_a_refusal_touches_no_other_submission(conn: Connection, database: Database) -> None:
    missing, recording = uuid4(), stored(conn)
    jobs = [new_job(), new_job(work=talk(missing)), new_job(work=talk(recording))]
    first, second, third = accept(conn, jobs)
    assert isinstance(first, Accepted) and isinstance(third, Accepted)
    assert second == RecordingNotFound(missing)
    assert database.counts()["jobs"] == 2


def test_a_repeated_submission_finds_its_job_though_the_recording_is_gone(
    conn: Connection,
) -> None:
    job = _job(conn, stored(conn))
    conn.execute(text("DELETE FROM answers"))
    conn.execute(text("DELETE FROM recordings"))
    [repeated] = accept(conn, [new_job(request_id=job.request_id, work=job.work)])
    assert isinstance(repeated, Accepted)
    assert (repeated.job.id, repeated.deduplicated) == (job.id, True)


def test_an_upload_may_be_announced_again(conn: Connection, database: Database) -> None:
    """As when the answer to the first try was lost with its connection."""
    recording = new_recording()
    for _ in range(2):
        announce_recording(conn, recording)
    assert rows_left(database) == [recording.id]


def test_an_upload_that_never_ended_is_unwanted_after_an_hour(conn: Connection) -> None:
    recording = new_recording()
    announce_recording(conn, recording)
    conn.execute(text("UPDATE recordings SET wanted_until = wanted_until - interval '59 min'"))
    assert find_unwanted(conn, 10) == []
    conn.execute(text("UPDATE recordings SET wanted_until = wanted_until - interval '1 min'"))
    assert find_unwanted(conn, 10) == [recording.id]


def test_an_upload_without_a_job_is_unwanted_after_its_time(conn: Connection) -> None:
    recording = stored(conn)
    conn.execute(text("UPDATE recordings SET wanted_until = wanted_until - interval '23 h'"))
    assert find_unwanted(conn, 10) == []
    conn.execute(text("UPDATE recordings SET wanted_until = wanted_until - interval '1 h'"))
    assert find_unwanted(conn, 10) == [recording]


def test_what_a_job_names_never_expires(conn: Connection) -> None:
    recording = stored(conn)
    _job(conn, recording)
    let_expire(conn)
    assert find_unwanted(conn, 10) == []
    assert condemn_recordings(conn, [recording]) == []
    assert not _refused(conn, recording)


def test_of_two_jobs_that_share_a_recording_the_last_takes_it_along(conn: Connection) -> None:
    recording = stored(conn)
    first, second = _job(conn, recording), _job(conn, recording)
    erase_job(conn, first.id)
    assert find_unwanted(conn, 10) == []
    assert condemn_recordings(conn, [recording]) == []
    erase_job(conn, second.id)
    # At once, however long the upload might have waited for a job.
    assert find_unwanted(conn, 10) == [recording]


def test_what_is_condemned_stays_so_until_it_is_forgotten(
    conn: Connection, database: Database
) -> None:
    first, second = stored(conn), stored(conn)
    assert set(condemn_recordings(conn, [first, second])) == {
        f"uploads/{first}",
        f"uploads/{second}",
    }
    assert condemn_recordings(conn, [first, second]) == []
    assert _refused(conn, first)
    assert len(find_condemned(conn, 1)) == 1
    forget_condemned(conn, [f"uploads/{first}"])
    assert rows_left(database) == [f"uploads/{second}"]


def test_an_answer_that_is_purged_gives_its_recording_up(conn: Connection) -> None:
    """Also one that was uploaded so lately that it might still wait for a job."""
    recording, other = stored(conn), stored(conn)
    job = _job(conn, recording)
    cancel_job(conn, job.id)
    _job(conn, other)
    conn.execute(text("UPDATE jobs SET ended_at = ended_at - interval '1 h'"))
    assert purge_answers(conn, timedelta(minutes=30), 10) == 1
    assert find_unwanted(conn, 10) == [recording]


def test_what_was_fetched_is_the_jobs(conn: Connection) -> None:
    job = _job(conn, URL)
    recording = new_recording()
    announce_recording(conn, recording)
    mark_fetched(conn, recording.id, job.id)
    assert find_unwanted(conn, 10) == []
    held = runs.claim(conn, job.id, "worker-1", timedelta(seconds=30))
    assert held is not None
    assert held.work == job.work
    assert held.recording_key == recording.key


def test_what_was_fetched_twice_is_kept_once(conn: Connection) -> None:
    """As by a worker that lost its lease and does not know it yet."""
    job = _job(conn, URL)
    first, second = new_recording(), new_recording()
    for recording in (first, second):
        announce_recording(conn, recording)
        mark_fetched(conn, recording.id, job.id)
    assert find_recording_of(conn, job.id) == first.id
    assert find_unwanted(conn, 10) == [second.id]


def test_what_is_fetched_for_a_job_that_was_erased_is_unwanted_at_once(conn: Connection) -> None:
    job = _job(conn, URL)
    recording = new_recording()
    announce_recording(conn, recording)
    erase_job(conn, job.id)
    mark_fetched(conn, recording.id, job.id)
    assert find_unwanted(conn, 10) == [recording.id]


def test_a_failed_job_is_graded_again_on_what_its_client_named(conn: Connection) -> None:
    """Also where it was fetched: who mends what lies at an address has it graded by a retry."""
    for source in (stored(conn), URL):
        job = _job(conn, source)
        held = runs.claim(conn, job.id, "worker-1", timedelta(seconds=30))
        assert held is not None
        fetched = new_recording()
        announce_recording(conn, fetched)
        mark_fetched(conn, fetched.id, job.id)
        runs.fail(conn, held, Failure(FailureReason.AUDIO_REFUSED, "empty: It holds no sound."))
        failed, work = get_failed_work(conn, job.id)
        assert (failed.id, work) == (job.id, job.work)


def test_an_upload_that_was_given_up_can_not_be_marked(conn: Connection) -> None:
    recording = new_recording()
    announce_recording(conn, recording)
    condemn_recordings(conn, [recording.id])
    assert not mark_stored(conn, recording.id, KEEP)


# Races. What a transaction has not committed yet, the other one waits for.


@pytest.fixture
def beside(engine: Engine) -> Iterator[Callable[[Callable[[Connection], object]], object]]:
    """Begins something on another connection, which must have to wait; gives a way to its end."""
    with ThreadPoolExecutor(1) as pool:

        def begin(work: Callable[[Connection], object]) -> object:
            def run() -> object:
                with engine.connect() as own:
                    return work(own)

            waiting = pool.submit(run)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            return waiting

        yield begin


def test_a_submission_that_meets_an_expiry_is_refused_alone(
    engine: Engine, conn: Connection, beside: Callable[..., object], database: Database
) -> None:
    """It saw the recording, and waits at its row, which is then gone."""
    lost, kept = stored(conn), stored(conn)
    jobs = [new_job(work=talk(kept)), new_job(work=talk(lost)), new_job()]
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as keeper:
        assert condemn_recordings(keeper, [lost]) == [f"uploads/{lost}"]
        waiting = beside(lambda own: accept(own, jobs))
    first, second, third = waiting.result(timeout=5)  # type: ignore[attr-defined]
    assert isinstance(first, Accepted) and isinstance(third, Accepted)
    assert second == RecordingNotFound(lost)
    assert database.counts()["jobs"] == 2


def test_a_lone_submission_that_meets_an_expiry_is_refused(
    engine: Engine, conn: Connection, beside: Callable[..., object]
) -> None:
    lost = stored(conn)
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as keeper:
        condemn_recordings(keeper, [lost])
        waiting = beside(lambda own: accept(own, [new_job(work=talk(lost))]))
    assert waiting.result(timeout=5) == [RecordingNotFound(lost)]  # type: ignore[attr-defined]


def test_an_expiry_that_is_taken_back_lets_the_submission_in(
    engine: Engine, conn: Connection, beside: Callable[..., object]
) -> None:
    recording = stored(conn)
    with engine.execution_options(isolation_level="READ COMMITTED").connect() as keeper:
        condemn_recordings(keeper, [recording])
        waiting = beside(lambda own: accept(own, [new_job(work=talk(recording))]))
        keeper.rollback()
    [answer] = waiting.result(timeout=5)  # type: ignore[attr-defined]
    assert isinstance(answer, Accepted)


def test_an_expiry_that_meets_a_submission_leaves_its_recording(
    engine: Engine, conn: Connection, beside: Callable[..., object], database: Database
) -> None:
    wanted, unwanted = stored(conn), stored(conn)
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as server:
        accept(server, [new_job(work=talk(wanted))])
        waiting = beside(lambda own: condemn_recordings(own, [wanted, unwanted]))
    assert waiting.result(timeout=5) == [f"uploads/{unwanted}"]  # type: ignore[attr-defined]
    assert rows_left(database) == [wanted, f"uploads/{unwanted}"]


def test_of_many_that_condemn_one_hears_the_key(engine: Engine, conn: Connection) -> None:
    ids = [stored(conn) for _ in range(20)]

    def condemn(_: int) -> list[str]:
        with engine.connect() as own:
            return list(condemn_recordings(own, ids))

    with ThreadPoolExecutor(4) as pool:
        keys = [key for heard in pool.map(condemn, range(4)) for key in heard]
    assert sorted(keys) == sorted(f"uploads/{one}" for one in ids)
