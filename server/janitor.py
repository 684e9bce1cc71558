"""The janitor: purges what has outlived its retention, a little at a time."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from grading.store.credentials import purge_credentials
from grading.store.retention import purge_answers, purge_events
from server.recording_keeper import RecordingKeeper
from server.store import Store

_log = structlog.get_logger(__name__)

#: Jobs to a transaction: few enough that nobody waits behind their rows.
BATCH = 100
#: Between two looks when nothing was left to purge, in seconds.
PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Janitor:
    """Runs in every server; of several at the same time one finds something to do."""

    store: Store
    keep_events: timedelta
    keep_answers: timedelta
    recordings: RecordingKeeper

    async def run(self) -> None:
        """Purge for ever, until cancelled."""
        while True:
            try:
                purged = await self.sweep()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("not_purged", error=type(error).__name__)
                purged = 0
            await asyncio.sleep(0.1 if purged else PAUSE_SECONDS)

    async def sweep(self) -> int:
        """Purge one batch of each kind; tells of how many things went."""
        events = await self.store.run(purge_events, self.keep_events, BATCH)
        answers = await self.store.run(purge_answers, self.keep_answers, BATCH)
        recordings = await self.recordings.sweep(BATCH)
        credentials = await self.store.run(purge_credentials)
        purged = {
            "events": events,
            "answers": answers,
            "recordings": recordings,
            "credentials": credentials,
        }
        if any(purged.values()):
            _log.info("purged", **purged)
        return sum(purged.values())
