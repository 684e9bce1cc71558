"""Where recordings are kept: a folder, or a bucket of an S3-compatible store."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import obstore
from obstore.store import ObjectStore, from_url

from grading.exceptions import RecordingGone, SettingsError
from grading.settings import Settings

#: How much of a recording is read at a time, in bytes.
_PIECE = 256 * 1024


class Recordings:
    """Keeps recordings by their keys. A recording is there whole or not at all.

    Raises:
        OSError, obstore.exceptions.BaseError: from every method, when the store can't be used.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def keep(self, key: str, content: IO[bytes]) -> None:
        """Keep all of ``content``, from where it stands on, in the place of an earlier one."""
        obstore.put(self._store, key, content)

    def fetch(self, key: str, into: Path) -> None:
        """Write the recording to the file ``into``.

        Raises:
            RecordingGone: there is none of this key.
        """
        try:
            pieces = obstore.get(self._store, key).stream(min_chunk_size=_PIECE)
        except FileNotFoundError:
            raise RecordingGone(key) from None
        with into.open("wb") as file:
            for piece in pieces:
                file.write(piece)

    def erase(self, key: str) -> None:
        """Erase the recording; one that is gone already is no fault."""
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return

    def keys(self) -> Iterator[str]:
        """Every key, for a search of what is kept."""
        for page in obstore.list(self._store):
            yield from (item["path"] for item in page)


def open_recordings(settings: Settings) -> Recordings:
    """The store that ``GRADING_AUDIO_URL`` names; a folder is made where there is none.

    Raises:
        SettingsError: it can't be used; one line names the variable.
    """
    url = settings.audio_url
    try:
        if url.startswith("file://"):
            Path(url.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
        return Recordings(from_url(url))
    except (OSError, ValueError, obstore.exceptions.BaseError):
        # The store's own words may hold keys of the bucket.
        raise SettingsError(
            "GRADING_AUDIO_URL: must be file:///folder with a folder that can be written to, or"
            " s3://bucket/prefix with its AWS_ variables"
        ) from None
