"""Uploads as clients send them, well and badly."""

from collections.abc import Iterator
from hashlib import sha256

from tests.stack.door import Door
from vstep.grading.v1.grading_service_pb2 import (
    AudioMetadata,
    UploadAudioRequest,
    UploadAudioResponse,
)

#: A WAV as far as its first bytes tell: what a scripted worker needs.
WAV = b"RIFF\x24\x00\x00\x00WAVE" + bytes(range(256)) * 800


def metadata(content: bytes | None = None, user_id: str = "learner-1") -> UploadAudioRequest:
    """What is known before the bytes: of ``content`` all, and otherwise only whose they are."""
    known = AudioMetadata(user_id=user_id)
    if content is not None:
        known.sha256 = sha256(content).digest()
        known.size_bytes = len(content)
    return UploadAudioRequest(metadata=known)


def chunks(content: bytes, size: int = 65_536) -> Iterator[UploadAudioRequest]:
    """The bytes, in pieces."""
    for at in range(0, len(content), size):
        yield UploadAudioRequest(chunk=content[at : at + size])


def upload(
    door: Door, content: bytes = WAV, user_id: str = "learner-1", size: int = 65_536
) -> UploadAudioResponse:
    """Upload a recording."""
    return door.grading.UploadAudio(
        iter((metadata(content, user_id), *chunks(content, size))), timeout=30
    )
