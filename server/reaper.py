"""The reaper: moves on the jobs, and gives back the reviews, that nobody holds any more."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from grading.domain.delay import DelayPolicy
from grading.domain.retry import RetryPolicy
from grading.domain.work import Skill
from grading.store.delays import flag_far_behind, flag_long_waiting, measure_pace
from grading.store.outbox import unsend_lost
from grading.store.reaping import fail_overdue, reap_lapsed_leases, release_due_retries
from grading.store.reviews import release_lapsed_claims
from server.store import Store

_log = structlog.get_logger(__name__)

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
        overdue = await self._count("jobs_overdue", fail_overdue, BATCH)
        lapsed = await self._count("leases_lapsed", reap_lapsed_leases, self.policy, BATCH)
        due = await self._count("retries_due", release_due_retries, BATCH)
        lost = await self._count("messages_lost", unsend_lost, self.resend_after, BATCH)
        claims = await self._count("review_claims_lapsed", release_lapsed_claims, BATCH)
        if due or lost:
            self.on_released()
        for skill, policy in self.delays.items():
            await self._flag_delayed(skill, policy)
        return max(overdue, lapsed, due, lost, claims)

    async def _flag_delayed(self, skill: Skill, policy: DelayPolicy) -> None:
        queue = skill.value
        pace = await self.store.run(measure_pace, queue)
        places = policy.places_in_time(pace)
        await self._count(
            "jobs_waiting_long", flag_long_waiting, queue, policy.longest_wait, FLAG_BATCH
        )
        await self._count("jobs_far_behind", flag_far_behind, queue, places, FLAG_BATCH)

    async def _count(self, event: str, function: Callable[..., int], *args: object) -> int:
        def call(conn: Connection) -> int:
            return function(conn, *args)

        moved = await self.store.run_in_transaction(call)
        if moved:
            _log.info(event, count=moved)
        return moved
