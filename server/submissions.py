"""Group commit: submissions that arrive together share one transaction."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy.exc import DBAPIError

from grading.domain.work import Skill
from grading.exceptions import GradingError
from grading.store.acceptance import Accepted, Refused, accept
from grading.store.jobs import are_known
from grading.store.records import NewJob
from server.accept_span import accept_span
from server.backlog import Backlog
from server.exceptions import QuotaUsedUp
from server.metrics import JOBS_ACCEPTED
from server.rates import JobQuota
from server.store import Store

#: The most submissions that one transaction takes.
BATCH = 256
#: Turns of the loop without a new submission after which a transaction begins.
QUIET_TURNS = 8
#: The longest time that a transaction is held back for more, in seconds.
LONGEST_WAIT = 0.005

_ACCEPTED = {skill: JOBS_ACCEPTED.labels(skill) for skill in Skill}

_Waiting = tuple[NewJob, asyncio.Future[Accepted]]


class Submissions:
    """Collects submissions while a transaction is under way; the next one takes them all.

    The caller is answered after the commit, so what was answered is on disk.
    """

    def __init__(
        self,
        store: Store,
        backlog: Backlog,
        on_accepted: Callable[[], None],
        quota: JobQuota | None = None,
    ) -> None:
        self._store = store
        self._backlog = backlog
        self._quota = quota
        self._on_accepted = on_accepted
        self._waiting: list[_Waiting] = []
        self._committer: asyncio.Task[None] | None = None

    async def submit(self, job: NewJob) -> Accepted:
        """Store ``job``, or find the one that stands for it already.

        Raises:
            RequestIdReused, AttemptExists, RecordingNotFound: as
                ``grading.store.acceptance`` tells.
            BacklogFull: too many jobs of the skill wait.
            QuotaUsedUp: too many of the tenant's were accepted today.
        """
        if self._quota is None:
            return await self._submit(job)
        try:
            async with self._quota.reserve(job.tenant, 1) as reservation:
                accepted = await self._submit(job)
                reservation.accepted = int(not accepted.deduplicated)
                return accepted
        except QuotaUsedUp:
            # Who repeats a call of which no answer came is answered, whatever was used since.
            if await self._store.run(are_known, job.tenant, [job.request_id]):
                return await self._submit(job)
            raise

    async def _submit(self, job: NewJob) -> Accepted:
        self._backlog.admit(job.skill, 1)
        answer: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, answer))
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit())
        return await answer

    async def submit_batch(self, jobs: Sequence[NewJob]) -> Sequence[Accepted | Refused]:
        """Store a tenant's ``jobs`` in a transaction of their own; an outcome for each, in order.

        Raises:
            BacklogFull, QuotaUsedUp: there is no room for all of them; none was stored.
        """
        if self._quota is None:
            return await self._submit_batch(jobs)
        tenant = jobs[0].tenant
        try:
            async with self._quota.reserve(tenant, len(jobs)) as reservation:
                outcomes = await self._submit_batch(jobs)
                reservation.accepted = sum(
                    isinstance(outcome, Accepted) and not outcome.deduplicated
                    for outcome in outcomes
                )
                return outcomes
        except QuotaUsedUp:
            if await self._store.run(are_known, tenant, [job.request_id for job in jobs]):
                return await self._submit_batch(jobs)
            raise

    async def _submit_batch(self, jobs: Sequence[NewJob]) -> Sequence[Accepted | Refused]:
        for skill, count in Counter(job.skill for job in jobs).items():
            self._backlog.admit(skill, count)
        with accept_span(jobs):
            outcomes = await self._store.run(accept, jobs)
        _count(jobs, outcomes)
        self._on_accepted()
        return outcomes

    async def _commit(self) -> None:
        try:
            while self._waiting:
                await self._take_in()
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                # A caller that went away meanwhile needs no job.
                batch = [(job, answer) for job, answer in batch if not answer.done()]
                if batch:
                    await self._store_all(batch)
        finally:
            self._committer = None

    async def _take_in(self) -> None:
        """Let the loop read the calls that have arrived, before a transaction is begun.

        Calls come out of gRPC one or two to a turn of the loop. Without this, a
        transaction would begin with the first of them, and each would hold two
        or three. A lone submission waits for a few empty turns, about 0.2 ms.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_WAIT
        seen = quiet = 0
        while quiet < QUIET_TURNS and len(self._waiting) < BATCH and loop.time() < until:
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._waiting) == seen else 0
            seen = len(self._waiting)

    async def _store_all(self, batch: Sequence[_Waiting]) -> None:
        try:
            jobs = [job for job, _ in batch]
            with accept_span(jobs):
                outcomes = await self._store.run(accept, jobs)
        except DBAPIError as error:
            if len(batch) == 1 or error.connection_invalidated:
                _fail(batch, error)
                return
            # A value that PostgreSQL refuses, or a deadlock, sinks the whole
            # transaction. One by one, it touches only the one it belongs to.
            for waiting in batch:
                await self._store_all([waiting])
            return
        except Exception as error:
            _fail(batch, error)
            return
        _count([job for job, _ in batch], outcomes)
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, GradingError):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        self._on_accepted()


def _count(jobs: Sequence[NewJob], outcomes: Sequence[Accepted | Refused]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, Accepted) and not outcome.deduplicated:
            _ACCEPTED[job.skill].inc()


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(error)
