"""A story in which every query of the store has its part."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from grading.domain.job import JobStage, JobState
from grading.domain.retry import RetryPolicy
from grading.domain.usage import Usage
from grading.domain.work import Skill
from grading.exceptions import AttemptExists, JobNotFound
from grading.store import (
    allowances,
    dead_letters,
    delays,
    erasure,
    events,
    feed,
    jobs,
    listing,
    outbox,
    provider_answers,
    reaping,
    recordings,
    retention,
    runs,
    workers,
)
from grading.store.acceptance import Accepted, accept
from grading.store.records import Claim, Failure, FailureReason, NewJob
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job, talk

LEASE = timedelta(minutes=5)
#: A lease, or a time to be kept, that is over when it begins.
OVER = timedelta(seconds=-1)
NONE = timedelta()
POLICY = RetryPolicy(3, timedelta(seconds=1))
FAULT = Failure(FailureReason.TRANSIENT, "a fault")
QUEUE = Skill.WRITING.value
LEARNER = "learner-1"
_PASS_DEADLINE = text("UPDATE jobs SET deadline_at = now() WHERE id = :job_id")


def tell(conn: Connection) -> None:
    """Have every query run, each at least once with rows to work on."""
    for chapter in (_graded, _failing, _waiting, _speaking, _paying, _reading, _purged):
        chapter(conn)


def _accepted(conn: Connection, job: NewJob | None = None) -> UUID:
    job = job or new_job()
    [answer] = accept(conn, [job])
    assert isinstance(answer, Accepted)
    return job.id


def _held(conn: Connection, lease: timedelta = LEASE) -> Claim:
    held = runs.claim(conn, _accepted(conn), "worker-1", lease)
    assert held is not None
    return held


def _graded(conn: Connection) -> None:
    workers.report_alive(conn, "worker-1", [QUEUE], 1)
    assert workers.count_alive(conn) == 1
    job = new_job()
    _accepted(conn, job)
    other = new_job(submission_id=job.submission_id)
    assert isinstance(accept(conn, [other])[0], AttemptExists)
    outbox.read_queues(conn)
    outbox.room_for(conn, QUEUE, 10)
    outbox.mark_sent(conn, outbox.take_unsent(conn, QUEUE, 10))
    held = runs.claim(conn, job.id, "worker-1", LEASE)
    assert held is not None
    runs.renew(conn, held, LEASE)
    assert runs.find_held(conn, [held])
    runs.advance(conn, held, JobState.ANALYZING, JobStage.MEASURING, 0.5, "Measuring.")
    runs.settle(conn, held, RESULT, timedelta(seconds=1))
    assert jobs.get_result(conn, job.id).run == 1
    assert delays.measure_pace(conn, QUEUE) is not None
    workers.report_gone(conn, "worker-1")


def _failing(conn: Connection) -> None:
    retried, released = _held(conn), _held(conn)
    runs.retry_run(conn, retried, FAULT, NONE)
    runs.release_run(conn, released)
    assert reaping.release_due_retries(conn, 10) == 2
    _held(conn, OVER)
    assert len(reaping.reap_lapsed_leases(conn, POLICY, 10)) == 1
    failed = _held(conn)
    runs.fail(conn, failed, Failure(FailureReason.GRADER_FAILED, "broken"))
    again, work = jobs.get_failed_work(conn, failed.job_id)
    assert (again.id, work) == (failed.job_id, failed.work)
    assert len(dead_letters.fail_dead_lettered(conn, {_accepted(conn): "rejected"})) == 1
    # A job that is past its deadline while a worker holds it.
    held = _held(conn)
    conn.execute(_PASS_DEADLINE, {"job_id": held.job_id})
    assert len(reaping.fail_overdue(conn, 10)) == 1
    assert runs.keep_late_result(conn, held, RESULT, timedelta(seconds=1))


def _waiting(conn: Connection) -> None:
    for _ in range(3):
        _accepted(conn)
    assert delays.flag_far_behind(conn, QUEUE, 1, 1) == 1
    assert delays.flag_long_waiting(conn, QUEUE, NONE, 1) == 1
    outbox.mark_sent(conn, outbox.take_unsent(conn, QUEUE, 10))
    assert outbox.unsend_lost(conn, NONE, 1) == 1
    assert outbox.unsend_all(conn) > 0
    cancelled, erased = _accepted(conn), _accepted(conn)
    jobs.cancel_job(conn, cancelled)
    erasure.erase_job(conn, erased)
    erasure.erase_job(conn, erased)
    assert erasure.find_erased(conn, [erased]) == [erased]
    try:
        jobs.get_job(conn, erased)
    except JobNotFound:
        return
    raise AssertionError("the job was erased")


def _speaking(conn: Connection) -> None:
    stored, fetched, unwanted = (
        recordings.NewRecording(uuid4(), LEARNER, f"{uuid4()}", "wav", 1, b"hash") for _ in range(3)
    )
    for recording in (stored, fetched, unwanted):
        recordings.announce_recording(conn, recording)
    assert recordings.mark_stored(conn, stored.id, NONE)
    assert recordings.mark_stored(conn, unwanted.id, OVER)
    uploaded = _accepted(conn, new_job(work=talk(stored.id)))
    assert recordings.find_recording_of(conn, uploaded) == stored.id
    [refused] = accept(conn, [new_job(work=talk(uuid4()))])
    assert not isinstance(refused, Accepted)
    addressed = _accepted(conn, new_job(work=talk("https://media.example.org/answer.webm")))
    recordings.mark_fetched(conn, fetched.id, addressed)
    assert recordings.find_unwanted(conn, 10) == [unwanted.id]
    assert recordings.condemn_recordings(conn, [unwanted.id]) == [unwanted.key]
    recordings.forget_condemned(conn, recordings.find_condemned(conn, 10))
    assert runs.claim(conn, uploaded, "worker-1", LEASE) is not None


def _paying(conn: Connection) -> None:
    held = _held(conn)
    answer = provider_answers.KeptAnswer("model-1", "{}", Usage(10, 5, 0), Decimal("0.01"))
    call = provider_answers.ProviderCall(
        "evidence", "hash", "api.example.org", "model", "answered", timedelta(seconds=1),
        answer.usage, answer.cost, answer,
    )  # fmt: skip
    provider_answers.record_call(conn, held.job_id, held.run, call)
    assert provider_answers.recall_answer(conn, held.job_id, "evidence", "hash") == answer
    assert allowances.spent_this_month(conn) == Decimal("0.01")
    assert allowances.take_tokens(conn, "model", 100, 100) == 0
    assert allowances.take_tokens(conn, "model", 100, 100) > 0
    allowances.return_tokens(conn, "model", 100, 100)


def _reading(conn: Connection) -> None:
    job_id = _accepted(conn)
    assert events.read_events(conn, {job_id: 0}, 10)
    feed.read_feed(conn, feed.Cursor.after(0), 1000)
    feed.feed_start(conn, "", at_end=True)
    since = datetime.now(UTC) - timedelta(days=1)
    for wanted in (
        listing.JobFilter(user_id=LEARNER, states=(JobState.QUEUED,), accepted_from=since),
        listing.JobFilter(skill=Skill.WRITING, states=(JobState.QUEUED, JobState.FAILED)),
    ):
        assert listing.list_jobs(conn, wanted, None, 100)


def _purged(conn: Connection) -> None:
    assert retention.purge_answers(conn, NONE, 100) > 0
    assert retention.purge_events(conn, NONE, 100) > 0
