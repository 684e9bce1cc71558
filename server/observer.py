"""Measures what nobody counts: pools, watchers, and what stands in the database."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from grading.domain.job import JobState
from grading.domain.work import Skill
from grading.store.census import Census, take_census
from server import metrics
from server.store import Store
from server.watch_hub import WatchHub

_log = structlog.get_logger(__name__)

#: Between two looks at the database, in seconds.
CENSUS_SECONDS = 5.0
#: Between two looks at this process, in seconds.
LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Observer:
    """Runs in every server that tells metrics; what it reads of the database, all of them tell."""

    store: Store
    hub: WatchHub
    #: How many jobs of a skill wait for a worker.
    waiting: Callable[[Skill], int]
    #: The folder of recordings; None where they lie in a bucket.
    recordings: Path | None

    async def run(self) -> None:
        """Measure for ever, until cancelled."""
        await asyncio.gather(self._look(), self._count())

    async def _look(self) -> None:
        while True:
            size, in_use = self.store.connections
            metrics.POOL_SIZE.set(size)
            metrics.POOL_IN_USE.set(in_use)
            metrics.WATCHERS.set(self.hub.watchers)
            await asyncio.sleep(LOOK_SECONDS)

    async def _count(self) -> None:
        while True:
            try:
                self._tell(await self.store.run(take_census, list(Skill)))
                if self.recordings is not None:
                    await asyncio.to_thread(_measure_disk, self.recordings)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("not_observed", error=type(error).__name__)
            await asyncio.sleep(CENSUS_SECONDS)

    def _tell(self, census: Census) -> None:
        for skill in Skill:
            for state, jobs in self._states(census, skill).items():
                metrics.JOBS.labels(skill, state).set(jobs)
            metrics.WORKERS.labels(skill).set(census.workers.get(skill, 0))
            metrics.WORKER_SLOTS.labels(skill).set(census.slots.get(skill, 0))
        metrics.BUDGET_SPENT.set(float(census.spent))
        metrics.DATABASE_SIZE.set(census.database_bytes)

    def _states(self, census: Census, skill: Skill) -> Mapping[JobState, int]:
        states = {state: census.jobs.get((skill, state), 0) for state in metrics.STATES}
        # The two were not counted at the same moment.
        queued = self.waiting(skill) - census.due_retries.get(skill, 0)
        return states | {JobState.QUEUED: max(0, queued)}


def _measure_disk(folder: Path) -> None:
    # The store takes a folder away with the last recording in it.
    there = next(place for place in (folder, *folder.parents) if place.exists())
    usage = shutil.disk_usage(there)
    metrics.RECORDINGS_DISK.set(usage.total)
    metrics.RECORDINGS_DISK_FREE.set(usage.free)
