"""All who may call the store, each call checked against the model."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine, text

from grading.domain.job import CLAIMABLE, TERMINAL, JobStage, JobState, may_follow
from grading.domain.retry import RetryPolicy
from grading.exceptions import JobEnded, LeaseLost
from grading.store import runs
from grading.store.acceptance import accept
from grading.store.dead_letters import fail_dead_lettered
from grading.store.delays import flag_far_behind, flag_long_waiting
from grading.store.erasure import erase_job
from grading.store.jobs import cancel_job
from grading.store.outbox import mark_sent, take_unsent, unsend_lost
from grading.store.reaping import fail_overdue, reap_lapsed_leases, release_due_retries
from grading.store.records import Claim, Failure, FailureReason
from grading.store.runs import keep_late_result, release_run, retry_run
from tests.stack.history import stored_jobs
from tests.stack.job_model import ModelJob
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

LONG = timedelta(days=1)
POLICY = RetryPolicy(max_retries=2, backoff_cap=LONG)
FAULT = Failure(FailureReason.TRANSIENT, "the provider was busy")
#: Jobs at a time that have not ended.
JOBS = 3

_LONGER = text("UPDATE jobs SET next_run_at = now() + :long WHERE next_run_at > now()")


class Hands:
    """Workers, reapers, relays and clients, one call at a time, and what a model expects of it.

    Each call takes a number that picks the job, or the hand, counted from the newest.
    """

    def __init__(self, store: Engine) -> None:
        self.conn = store.connect()
        self.transactions = store.execution_options(isolation_level="READ COMMITTED")
        self.conn.execute(text("DELETE FROM jobs"))
        self.conn.execute(text("DELETE FROM outbox"))
        self.jobs: dict[UUID, ModelJob] = {}
        self.erased: list[UUID] = []
        #: What any worker ever held, also what it lost since.
        self.held: list[Claim] = []
        #: When runs were closed.
        self.closed: dict[tuple[str, int], object] = {}

    def let_go(self) -> None:
        """Close the connection."""
        self.conn.close()

    def _job(self, pick: int) -> tuple[UUID, ModelJob]:
        job_id = list(self.jobs)[-1 - pick % len(self.jobs)]
        return job_id, self.jobs[job_id]

    def _where(self, condition: Callable[[ModelJob], bool]) -> list[ModelJob]:
        return [job for job in self.jobs.values() if condition(job)]

    def _shift(self, job_id: UUID, change: str, table: str = "jobs", key: str = "id") -> None:
        update = text(f"UPDATE {table} SET {change} WHERE {key} = :id")  # noqa: S608
        self.conn.execute(update, {"id": job_id})

    def _fenced(self, pick: int, write: Callable[[Claim], None]) -> ModelJob | None:
        """Write under a hand; the job where it must have been let through."""
        hand = self.held[-1 - pick % len(self.held)]
        job = self.jobs.get(hand.job_id)
        before = stored_jobs(self.conn)
        try:
            write(hand)
        except LeaseLost as lost:
            assert job is None or not job.holds(hand.run)
            assert (lost.job_id, lost.run) == (hand.job_id, hand.run)
            assert stored_jobs(self.conn) == before
            return None
        assert job is not None
        assert job.holds(hand.run)
        return job

    def accept(self, _: int) -> None:
        if len(self._where(lambda job: job.state not in TERMINAL)) == JOBS:
            return
        job = new_job()
        accept(self.conn, [job])
        self.jobs[job.id] = ModelJob()

    def claim(self, pick: int) -> None:
        job_id, job = self._job(pick)
        hand = runs.claim(self.conn, job_id, "worker", LONG)
        assert (hand is not None) == job.claimable()
        if hand is not None:
            assert (hand.run, hand.retries) == (job.run + 1, job.retries)
            job.claim()
            self.held.append(hand)

    def claim_what_was_erased(self, _: int) -> None:
        for job_id in self.erased:
            assert runs.claim(self.conn, job_id, "worker", LONG) is None

    def renew(self, pick: int) -> None:
        job = self._fenced(pick, lambda hand: runs.renew(self.conn, hand, LONG))
        if job is not None:
            job.lapsed = False

    def advance(self, pick: int) -> None:
        state = JobState.GRADING if pick % 2 else JobState.ANALYZING
        hand = self.held[-1 - pick % len(self.held)]
        at = self.jobs.get(hand.job_id)
        if at is not None and at.holds(hand.run) and not may_follow(at.state, state):
            state = at.state  # a worker follows the transitions
        job = self._fenced(
            pick,
            lambda hand: runs.advance(self.conn, hand, state, JobStage.MEASURING, 0.5, "On."),
        )
        if job is not None:
            job.move(state)

    def settle(self, pick: int) -> None:
        hand = self.held[-1 - pick % len(self.held)]
        at = self.jobs.get(hand.job_id)
        if at is not None and at.holds(hand.run):
            for state in (JobState.ANALYZING, JobState.GRADING):
                if may_follow(at.state, state):
                    runs.advance(self.conn, hand, state, JobStage.MEASURING, 0.5, "On.")
                    at.move(state)
        job = self._fenced(
            pick, lambda hand: runs.settle(self.conn, hand, RESULT, timedelta(seconds=1))
        )
        if job is not None:
            job.move(JobState.COMPLETED, "completed")
            job.result_run = job.run

    def fail(self, pick: int) -> None:
        failure = Failure(FailureReason.GRADER_FAILED, "broken")
        job = self._fenced(pick, lambda hand: runs.fail(self.conn, hand, failure))
        if job is not None:
            job.move(JobState.FAILED, "failed")

    def retry(self, pick: int) -> None:
        job = self._fenced(pick, lambda hand: retry_run(self.conn, hand, FAULT, LONG))
        if job is not None:
            job.retry("failed", counts=True, due=False)

    def release(self, pick: int) -> None:
        job = self._fenced(pick, lambda hand: release_run(self.conn, hand))
        if job is not None:
            job.retry("released", counts=False, due=True)

    def hand_over(self, pick: int) -> None:
        """Another worker takes what one gives back, which leaves an older run in its hands."""
        job_id = self.held[-1 - pick % len(self.held)].job_id
        self.release(pick)
        if job_id in self.jobs:
            self.claim(list(reversed(self.jobs)).index(job_id))

    def keep_late(self, pick: int) -> None:
        hand = self.held[-1 - pick % len(self.held)]
        job = self.jobs.get(hand.job_id)
        wanted = (
            job is not None
            and job.deadline_failed
            and job.run == hand.run
            and job.result_run is None
        )
        assert keep_late_result(self.conn, hand, RESULT, timedelta(seconds=1)) == wanted
        if job is not None and wanted:
            job.result_run = hand.run

    def cancel(self, pick: int) -> None:
        job_id, job = self._job(pick)
        try:
            assert cancel_job(self.conn, job_id).state is JobState.CANCELLED
        except JobEnded as ended:
            assert ended.state == job.state
            assert job.state in {JobState.COMPLETED, JobState.FAILED}
            return
        if job.state is not JobState.CANCELLED:
            job.move(JobState.CANCELLED, "cancelled")

    def erase(self, pick: int) -> None:
        job_id, _ = self._job(pick)
        first = erase_job(self.conn, job_id)
        assert erase_job(self.conn, job_id) == first
        del self.jobs[job_id]
        self.erased.append(job_id)

    def a_lease_lapses(self, pick: int) -> None:
        job_id, job = self._job(pick)
        self._shift(job_id, "lease_expires_at = lease_expires_at - interval '2 days'")
        job.lapsed = job.state not in TERMINAL and job.state not in CLAIMABLE

    def a_retry_falls_due(self, pick: int) -> None:
        job_id, job = self._job(pick)
        self._shift(job_id, "next_run_at = next_run_at - interval '2 days'")
        job.due = None if job.due is None else True

    def a_deadline_passes(self, pick: int) -> None:
        job_id, job = self._job(pick)
        self._shift(job_id, "deadline_at = now() - interval '1 s'")
        job.overdue = True

    def reap(self, _: int) -> None:
        lapsed = self._where(lambda job: job.lapsed)
        with self.transactions.begin() as conn:
            assert len(reap_lapsed_leases(conn, POLICY, 100)) == len(lapsed)
            # The waits are of seconds, which a slow machine may take to the next step.
            conn.execute(_LONGER, {"long": LONG})
        for job in lapsed:
            if POLICY.allows(job.retries):
                job.retry("lost", counts=True, due=False)
            else:
                job.move(JobState.FAILED, "lost")

    def release_retries(self, _: int) -> None:
        due = self._where(lambda job: job.due is True)
        assert release_due_retries(self.conn, 100) == len(due)
        for job in due:
            job.due, job.sent = None, False

    def fail_late(self, _: int) -> None:
        late = self._where(lambda job: job.overdue and job.state not in TERMINAL)
        assert len(fail_overdue(self.conn, 100)) == len(late)
        for job in late:
            job.move(JobState.FAILED, "failed")
            job.deadline_failed = True

    def a_message_dies(self, pick: int) -> None:
        job_id, job = self._job(pick)
        waits = job.state in CLAIMABLE
        assert len(fail_dead_lettered(self.conn, {job_id: "expired"})) == waits
        if waits:
            job.move(JobState.FAILED)

    def flag(self, pick: int) -> None:
        waiting = self._where(lambda job: job.sent is not None and not job.delayed)
        if pick % 2:
            count = flag_long_waiting(self.conn, "writing", -LONG, 100)
        else:
            waiting = waiting[1:]
            count = flag_far_behind(self.conn, "writing", 1, 100)
        assert count == len(waiting)
        for job in waiting:
            job.flag()

    def relay(self, pick: int) -> None:
        limit = 1 + pick % 3
        unsent = [job_id for job_id, job in self.jobs.items() if job.sent is False]
        with self.transactions.begin() as conn:
            messages = take_unsent(conn, "writing", limit)
            mark_sent(conn, messages)
        assert [message.job_id for message in messages] == unsent[:limit]
        for message in messages:
            self.jobs[message.job_id].sent = True

    def messages_are_lost(self, _: int) -> None:
        self.conn.execute(text("UPDATE outbox SET sent_at = sent_at - interval '2 days'"))
        lost = self._where(lambda job: job.sent is True)
        assert unsend_lost(self.conn, timedelta(seconds=60), 100) == len(lost)
        for job in lost:
            job.sent = False
