"""Backpressure: how many jobs wait for a worker, and how many may."""

import asyncio
from collections import Counter

import structlog
from sqlalchemy.exc import SQLAlchemyError

from grading.domain.work import Skill
from grading.exceptions import BacklogFull
from grading.store.outbox import count_waiting
from server.store import Store

_log = structlog.get_logger(__name__)


class Backlog:
    """Counts what waits now and then, and adds what this server accepts in between.

    Servers side by side may each let in as much as they accept between two
    counts, so the limit is a limit to within a second's work.
    """

    def __init__(self, store: Store, limit: int, count_seconds: float) -> None:
        self._store = store
        self._limit = limit
        self._count_seconds = count_seconds
        self._waiting: Counter[Skill] = Counter()

    def admit(self, skill: Skill, jobs: int) -> None:
        """Make room for ``jobs`` more; all of them or none.

        Raises:
            BacklogFull: there is no room for all of them.
        """
        if self._waiting[skill] + jobs > self._limit:
            raise BacklogFull(skill, self._waiting[skill])
        self._waiting[skill] += jobs

    async def count(self) -> None:
        """Count for ever, until cancelled."""
        while True:
            try:
                waiting = await self._store.run(count_waiting)
                self._waiting = Counter({Skill(queue): jobs for queue, jobs in waiting.items()})
            except (SQLAlchemyError, OSError) as error:
                _log.warning("backlog_not_counted", error=type(error).__name__)
            await asyncio.sleep(self._count_seconds)
