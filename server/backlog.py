"""Backpressure: how many jobs wait for a worker, and how many may."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import structlog
from sqlalchemy.exc import SQLAlchemyError

from grading.domain.work import Skill
from grading.exceptions import BacklogFull
from grading.store.outbox import QueueLength, read_queues
from server import metrics
from server.relay import WINDOW
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
        for skill in Skill:
            metrics.QUEUE_LIMIT.labels(skill).set(limit)
            metrics.OUTBOX_WINDOW.labels(skill).set(WINDOW)

    def admit(self, skill: Skill, jobs: int) -> None:
        """Make room for ``jobs`` more; all of them or none.

        Raises:
            BacklogFull: there is no room for all of them.
        """
        if self._waiting[skill] + jobs > self._limit:
            raise BacklogFull(skill, self._waiting[skill])
        self._waiting[skill] += jobs

    def waiting(self, skill: Skill) -> int:
        """How many jobs wait, by the last count and what was accepted since."""
        return self._waiting[skill]

    async def count(self) -> None:
        """Count for ever, until cancelled."""
        while True:
            try:
                queues = await self._store.run(read_queues)
                lengths = {skill: queues.get(skill, QueueLength()) for skill in Skill}
                self._waiting = Counter({skill: found.waiting for skill, found in lengths.items()})
                _tell(lengths)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("backlog_not_counted", error=type(error).__name__)
            await asyncio.sleep(self._count_seconds)


def _tell(lengths: Mapping[Skill, QueueLength]) -> None:
    for skill, found in lengths.items():
        metrics.QUEUE_JOBS.labels(skill).set(found.waiting)
        metrics.QUEUE_OLDEST.labels(skill).set(found.oldest)
        metrics.OUTBOX_UNSENT.labels(skill).set(found.unsent)
        metrics.OUTBOX_OLDEST.labels(skill).set(found.oldest_unsent)
