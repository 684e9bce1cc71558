"""The reaper: moves on the jobs, and gives back the reviews, that nobody holds any more."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from grading.domain.delay import DelayPolicy
from grading.domain.retry import RetryPolicy
from grading.domain.work import Skill
from grading.job_metrics import count_failed, count_retried
from grading.store.delays import flag_far_behind, flag_long_waiting, measure_pace
from grading.store.outbox import unsend_lost
from grading.store.reaping import (
    Lapsed,
    fail_overdue,
    reap_lapsed_leases,
    release_due_retries,
)
from grading.store.records import FailureReason
from grading.store.reviews import release_lapsed_claims
from server import metrics
from server.store import Store

_log = structlog.get_logger(__name__)
T = TypeVar("T")

#: Rows to a transaction.
BATCH = 200
#: Jobs that are flagged as delayed in a sweep. More wait for the next one: where so many
#: are, the machine has something better to do.
FLAG_BATCH = 500


@dataclass(frozen=True)
class Reaper:
    """Runs in every server; ``SKIP LOCKED`` keeps reapers out of each other's way."""

    store: Store
    policy: RetryPolicy
    #: After how long a message that nobody took is sent again.
    resend_after: timedelta
    #: When a waiting job of a skill counts as delayed.
    delays: Mapping[Skill, DelayPolicy]
    poll_seconds: float
    #: Called when the outbox got a row.
    on_released: Callable[[], None]

    async def run(self) -> None:
        """Look around for ever, until cancelled."""
        while True:
            try:
                moved = await self.sweep()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("not_reaped", error=type(error).__name__)
                moved = 0
            if moved < BATCH:
                await asyncio.sleep(self.poll_seconds)

    async def sweep(self) -> int:
        """Do each kind of work once; tells how many rows the busiest kind moved."""
        overdue = await self._move("jobs_overdue", fail_overdue, BATCH)
        for skill in overdue:
            count_failed(skill, FailureReason.DEADLINE_EXCEEDED)
        lapsed = await self._move("leases_lapsed", reap_lapsed_leases, self.policy, BATCH)
        for job in lapsed:
            _count_lapsed(job)
        due = await self._count("retries_due", release_due_retries, BATCH)
        lost = await self._count("messages_lost", unsend_lost, self.resend_after, BATCH)
        metrics.MESSAGES_RESENT.inc(lost)
        claims = await self._count("review_claims_lapsed", release_lapsed_claims, BATCH)
        if due or lost:
            self.on_released()
        for skill, policy in self.delays.items():
            await self._flag_delayed(skill, policy)
        return max(len(overdue), len(lapsed), due, lost, claims)

    async def _flag_delayed(self, skill: Skill, policy: DelayPolicy) -> None:
        queue = skill.value
        pace = await self.store.run(measure_pace, queue)
        places = policy.places_in_time(pace)
        flagged = await self._count(
            "jobs_waiting_long", flag_long_waiting, queue, policy.longest_wait, FLAG_BATCH
        )
        flagged += await self._count("jobs_far_behind", flag_far_behind, queue, places, FLAG_BATCH)
        metrics.JOBS_DELAYED.labels(skill).inc(flagged)

    async def _move(
        self, event: str, function: Callable[..., Sequence[T]], *args: object
    ) -> Sequence[T]:
        def call(conn: Connection) -> Sequence[T]:
            return function(conn, *args)

        moved = await self.store.run_in_transaction(call)
        if moved:
            _log.info(event, count=len(moved))
        return moved

    async def _count(self, event: str, function: Callable[..., int], *args: object) -> int:
        def call(conn: Connection) -> int:
            return function(conn, *args)

        moved = await self.store.run_in_transaction(call)
        if moved:
            _log.info(event, count=moved)
        return moved


def _count_lapsed(job: Lapsed) -> None:
    metrics.LEASES_LAPSED.labels(job.skill).inc()
    if job.retried:
        count_retried(job.skill, FailureReason.WORKER_LOST)
    else:
        count_failed(job.skill, FailureReason.RETRIES_EXHAUSTED)
