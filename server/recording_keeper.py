"""Erases recordings that no job needs any more: at once, or with the next sweep."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from obstore.exceptions import BaseError

from grading.recordings import Recordings
from grading.store.recordings import (
    condemn_recordings,
    find_condemned,
    find_unwanted,
    forget_condemned,
)
from server.metrics import RECORDINGS_ERASED
from server.store import Store

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RecordingKeeper:
    """What it could not erase stays condemned, and is erased by a later sweep of any server."""

    store: Store
    recordings: Recordings

    async def give_up(self, recording_id: UUID) -> None:
        """Erase a recording, unless an answer names it."""
        await self._erase(await self.store.run(condemn_recordings, [recording_id]))

    async def sweep(self, limit: int) -> int:
        """Erase what no job wants, and what is condemned; tells how many."""
        unwanted = await self.store.run(find_unwanted, limit)
        if unwanted:
            await self.store.run(condemn_recordings, unwanted)
        return await self._erase(await self.store.run(find_condemned, limit))

    async def _erase(self, keys: Sequence[str]) -> int:
        erased = []
        for key in keys:
            try:
                await asyncio.to_thread(self.recordings.erase, key)
            except (OSError, BaseError) as error:
                _log.error("recording_not_erased", error=type(error).__name__)
                break
            erased.append(key)
        if erased:
            await self.store.run(forget_condemned, erased)
            RECORDINGS_ERASED.inc(len(erased))
        return len(erased)
