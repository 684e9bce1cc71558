"""A recording on its way to the service: what is known of it, then its bytes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vstep.grading.v1.grading_service_pb2 import AudioMetadata, UploadAudioRequest

#: Bytes to a message.
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be uploaded; may be read as often as it has to be sent."""

    file: Path
    user_id: str
    sha256: bytes
    size_bytes: int

    @classmethod
    def of(cls, file: Path, user_id: str) -> "Upload":
        """Take the measure of ``file``.

        Raises:
            OSError: it can't be read.
        """
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").digest()
            return cls(file, user_id, digest, content.tell())

    def messages(self) -> Iterator[UploadAudioRequest]:
        """The messages of one call, from the beginning.

        Raises:
            OSError: the file can't be read any more.
        """
        yield UploadAudioRequest(
            metadata=AudioMetadata(
                user_id=self.user_id, sha256=self.sha256, size_bytes=self.size_bytes
            )
        )
        with self.file.open("rb") as content:
            while chunk := content.read(_CHUNK):
                yield UploadAudioRequest(chunk=chunk)
