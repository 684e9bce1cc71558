"""Takes uploads in: all of a recording, or nothing of it."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog
import uuid_utils
from obstore.exceptions import BaseError

from grading.domain.caller import DEFAULT_TENANT
from grading.domain.container import HEAD, container_of
from grading.recordings import Recordings
from grading.store.recordings import NewRecording, announce_recording, mark_stored
from server import metrics
from server.exceptions import (
    AudioChecksumMismatch,
    AudioNotRecognized,
    AudioTooLarge,
    FieldViolation,
    InvalidRequest,
    StoreUnavailable,
    UploadStalled,
)
from server.store import Store
from vstep.grading.v1.grading_service_pb2 import AudioMetadata, UploadAudioRequest

Spool = tempfile.SpooledTemporaryFile[bytes]

_log = structlog.get_logger(__name__)

#: What is larger waits in a file without a name, which is gone with the process.
_IN_MEMORY = 256 * 1024
#: Uploads that are taken in side by side; the others wait for their turn.
_AT_ONCE = 128
#: A call that broke off looks like one that ended, until gRPC cancels it a moment later.
_ENDED_SECONDS = 0.05


@dataclass(frozen=True)
class Uploads:
    """Reads uploads and stores them."""

    store: Store
    recordings: Recordings
    max_bytes: int
    #: How long a recording waits for a job.
    keep: timedelta
    #: How long an upload may be quiet before it gives its turn to another.
    quiet_seconds: float = 30.0
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def take_in(
        self, requests: AsyncIterator[UploadAudioRequest], tenant: str = DEFAULT_TENANT
    ) -> NewRecording:
        """Read an upload to its end, and store it for ``tenant``.

        Raises:
            InvalidRequest: its messages are not in their order.
            AudioTooLarge, AudioChecksumMismatch, AudioNotRecognized: its bytes won't do.
            UploadStalled: nothing comes any more.
            StoreUnavailable: it could not be stored.
        """
        async with self._turns:
            with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
                recording = await self._read(self._coming(requests), file, tenant)
                await asyncio.sleep(_ENDED_SECONDS)
                file.seek(0)
                await self._store(recording, file)
        metrics.RECORDINGS_STORED.inc()
        metrics.RECORDING_BYTES.inc(recording.size_bytes)
        return recording

    async def _coming(
        self, requests: AsyncIterator[UploadAudioRequest]
    ) -> AsyncIterator[UploadAudioRequest]:
        while True:
            try:
                async with asyncio.timeout(self.quiet_seconds):
                    request = await anext(requests, None)
            except TimeoutError:
                raise UploadStalled(self.quiet_seconds) from None
            if request is None:
                return
            yield request

    async def _read(
        self, requests: AsyncIterator[UploadAudioRequest], file: Spool, tenant: str
    ) -> NewRecording:
        metadata = await _metadata_of(requests)
        if metadata.size_bytes > self.max_bytes:
            raise AudioTooLarge(self.max_bytes, "metadata.size_bytes")
        digest = hashlib.sha256()
        size = 0
        async for request in requests:
            if request.WhichOneof("piece") != "chunk":
                raise _violation("metadata", "may stand in the first message only")
            size += len(request.chunk)
            if size > self.max_bytes:
                raise AudioTooLarge(self.max_bytes)
            if size > metadata.size_bytes > 0:
                raise AudioChecksumMismatch("metadata.size_bytes", "more bytes came")
            digest.update(request.chunk)
            file.write(request.chunk)
        if metadata.size_bytes and metadata.size_bytes != size:
            raise AudioChecksumMismatch("metadata.size_bytes", f"{size} bytes came")
        if metadata.sha256 and metadata.sha256 != digest.digest():
            raise AudioChecksumMismatch("metadata.sha256", "the bytes that came have another one")
        file.seek(0)
        container = container_of(file.read(HEAD))
        if container is None:
            raise AudioNotRecognized
        audio_id = UUID(int=uuid_utils.uuid7().int)
        return NewRecording(
            id=audio_id,
            user_id=metadata.user_id,
            key=f"uploads/{audio_id}",
            container=container.value,
            size_bytes=size,
            sha256=digest.digest(),
            tenant=tenant,
        )

    async def _store(self, recording: NewRecording, file: Spool) -> None:
        await self.store.run(announce_recording, recording)
        keeping = asyncio.ensure_future(
            asyncio.to_thread(self.recordings.keep, recording.key, file)
        )
        try:
            await asyncio.shield(keeping)
        except asyncio.CancelledError:
            # The thread can't be stopped, and needs the file until it ends. What it stores
            # is erased by the keeper, since it is never marked as stored.
            await asyncio.gather(keeping, return_exceptions=True)
            raise
        except (OSError, BaseError) as error:
            _log.error("recording_not_stored", error=type(error).__name__)
            raise StoreUnavailable from None
        if not await self.store.run(mark_stored, recording.id, self.keep):
            # It took so long that the keeper gave it up.
            await asyncio.to_thread(self.recordings.erase, recording.key)
            raise StoreUnavailable


async def _metadata_of(requests: AsyncIterator[UploadAudioRequest]) -> AudioMetadata:
    async for request in requests:
        if request.WhichOneof("piece") == "metadata":
            return request.metadata
        break
    raise _violation("metadata", "must stand in the first message")


def _violation(field: str, description: str) -> InvalidRequest:
    return InvalidRequest([FieldViolation(field, description)])
