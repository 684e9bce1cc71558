"""Who shows what: credentials, read from the database and believed for a moment.

A call doesn't ask the database who calls, unless what is known is older than a few seconds. So
a revoked credential is refused after so long at the latest; the streams that it opened are
looked through as often, and end. A credential that was never seen is always asked for. Those who
ask at the same time share a statement, and there is one at a time: strangers who try tokens
take one of the pool's connections between them.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import structlog
from sqlalchemy.exc import SQLAlchemyError

from grading.store.credentials import Credential, Standing, find_credentials, note_used
from server.exceptions import StoreUnavailable, Unauthenticated
from server.store import Store
from server.stream_guard import StreamGuard

_log = structlog.get_logger(__name__)

#: A token's id, or the names in a certificate, the first of which that is known counts.
Key: TypeAlias = str | tuple[str, ...]

#: After the database could not be asked, those who are known don't wait for it again, in seconds.
_LEFT_ALONE_SECONDS = 1.0
#: How often it is written down who was here, in seconds.
NOTE_SECONDS = 60.0
#: Credentials that are kept in mind; the rest are read again.
_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    credential: Credential
    read_at: float


class Callers:
    """Finds credentials, keeps those that were found in mind, and ends the streams of the lost."""

    def __init__(
        self,
        store: Store,
        cache_seconds: float,
        grace_seconds: float,
        note_seconds: float = NOTE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._cache_seconds = cache_seconds
        self._grace_seconds = grace_seconds
        self._note_seconds = note_seconds
        self._clock = clock
        self._known: dict[Key, _Known] = {}
        self._wanted: dict[Key, asyncio.Future[Credential | None]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._left_alone_until = -1.0
        self._streams: dict[Key, set[StreamGuard]] = {}
        self._used: set[str] = set()

    async def find(self, key: Key) -> Credential | None:
        """The credential of a key, whatever it is still good for; None where there is none.

        Raises:
            StoreUnavailable: the database can't be asked, and the caller has not been here lately.
        """
        known, now = self._known.get(key), self._clock()
        if known is not None and now - known.read_at < self._cache_seconds:
            return known.credential
        return await self._read_anew(key)

    @contextmanager
    def following(self, key: Key) -> Iterator[StreamGuard]:
        """Look after a stream of this task's caller while it is open."""
        guard = StreamGuard()
        guards = self._streams.setdefault(key, set())
        guards.add(guard)
        try:
            yield guard
        finally:
            guards.discard(guard)
            if not guards and self._streams.get(key) is guards:
                del self._streams[key]

    async def run(self) -> None:
        """Look through the open streams, and note who was here, until cancelled."""
        noted_at = self._clock()
        while True:
            await asyncio.sleep(self._cache_seconds)
            looks = [self._look_after(key) for key in [*self._streams]]
            for fault in await asyncio.gather(*looks, return_exceptions=True):
                if isinstance(fault, Exception):
                    _log.error("streams_not_looked_after", exc_info=fault)
            if self._clock() - noted_at >= self._note_seconds:
                noted_at = self._clock()
                await self._note()

    def used(self, credential: Credential) -> None:
        """Tell that a credential let its caller in."""
        self._used.add(credential.id)

    async def _look_after(self, key: Key) -> None:
        ended: Exception
        try:
            found = await self._read_anew(key)
        except StoreUnavailable as error:
            ended, why = error, "unknown"
        else:
            why = "gone" if found is None else found.standing(datetime.now(UTC)).value
            if why == Standing.VALID:
                return
            ended = Unauthenticated()
        guards = [*self._streams.get(key, ())]
        _log.info("streams_ended", streams=len(guards), why=why)
        for guard in guards:
            guard.end(ended)

    async def _read_anew(self, key: Key) -> Credential | None:
        known, now = self._known.get(key), self._clock()
        may_go_on = known is not None and now - known.read_at < self._grace_seconds
        if known is not None and may_go_on and now < self._left_alone_until:
            return known.credential
        try:
            return await self._read(key)
        except StoreUnavailable:
            if known is not None and may_go_on:
                return known.credential
            raise

    async def _read(self, key: Key) -> Credential | None:
        answer = self._wanted.get(key)
        if answer is None:
            answer = self._wanted[key] = asyncio.get_running_loop().create_future()
            if self._reader is None:
                self._reader = asyncio.create_task(self._read_wanted())
        # One that asks may leave, and the others still want to know.
        return await asyncio.shield(answer)

    async def _read_wanted(self) -> None:
        try:
            while self._wanted:
                wanted, self._wanted = self._wanted, {}
                await self._answer(wanted)
        finally:
            self._reader = None

    async def _answer(self, wanted: dict[Key, asyncio.Future[Credential | None]]) -> None:
        ids = [key for key in wanted if isinstance(key, str)]
        names = [name for key in wanted if isinstance(key, tuple) for name in key]
        began = self._clock()
        try:
            found = await self._store.run(find_credentials, ids, names)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("callers_not_read", error=type(error).__name__)
            self._left_alone_until = self._clock() + _LEFT_ALONE_SECONDS
            _fail(wanted.values(), StoreUnavailable())
            return
        except Exception as error:
            _fail(wanted.values(), error)
            return
        self._left_alone_until = -1.0
        by_id = {credential.id: credential for credential in found}
        by_name = {credential.certificate: credential for credential in found}
        for key, answer in wanted.items():
            if isinstance(key, str):
                credential = by_id.get(key)
            else:
                credential = next((by_name[name] for name in key if name in by_name), None)
            self._keep_in_mind(key, credential, began)
            answer.set_result(credential)

    def _keep_in_mind(self, key: Key, credential: Credential | None, read_at: float) -> None:
        self._known.pop(key, None)
        if credential is None:
            return  # whoever makes up tokens shall not fill the memory
        self._known[key] = _Known(credential, read_at)
        if len(self._known) > _KNOWN:
            del self._known[next(iter(self._known))]

    async def _note(self) -> None:
        used, self._used = self._used, set()
        if not used:
            return
        try:
            await self._store.run(note_used, sorted(used))
        except (SQLAlchemyError, OSError) as error:
            _log.warning("use_not_noted", error=type(error).__name__)


def _fail(answers: Iterable[asyncio.Future[Credential | None]], error: Exception) -> None:
    for answer in answers:
        answer.set_exception(error)
        answer.exception()  # those who asked may all be gone
