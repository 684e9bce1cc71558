"""Where recordings are kept: a folder, or a bucket of an S3-compatible store."""

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from grading.audio_settings import folder_of
from grading.exceptions import RecordingGone, SettingsError
from grading.settings import Settings

#: How much of a recording is read at a time, in bytes.
_PIECE = 256 * 1024


class Recordings:
    """Keeps recordings by their keys. A recording is there whole or not at all.

    Raises:
        OSError, obstore.exceptions.BaseError: from every method, when the store can't be used.
    """

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        """Keep recordings in ``store``; its objects are the files of ``folder``, if given."""
        self._store = store
        self._folder = folder

    def keep(self, key: str, content: IO[bytes]) -> None:
        """Keep all of ``content``, from where it stands on, in the place of an earlier one."""
        # In parts, what a process leaves that dies on the way would stay in a bucket for ever.
        obstore.put(self._store, key, content, use_multipart=False)

    def fetch(self, key: str, into: IO[bytes]) -> None:
        """Write the recording to ``into``.

        Raises:
            RecordingGone: there is none of this key.
        """
        try:
            pieces = obstore.get(self._store, key).stream(min_chunk_size=_PIECE)
        except FileNotFoundError:
            raise RecordingGone(key) from None
        for piece in pieces:
            into.write(piece)

    def erase(self, key: str) -> None:
        """Erase the recording; one that is gone already, or was never whole, is no fault."""
        with suppress(FileNotFoundError):
            obstore.delete(self._store, key)
        if self._folder is not None:
            # A process that dies while it writes leaves its work under a name that the
            # store doesn't list.
            place = self._folder / key
            for piece in place.parent.glob(f"{place.name}#*"):
                piece.unlink(missing_ok=True)


def open_recordings(settings: Settings) -> Recordings:
    """The store that ``GRADING_AUDIO_URL`` names; a folder is made where there is none.

    Raises:
        SettingsError: it can't be used; one line names the variable.
    """
    url = settings.audio_url
    folder = folder_of(url)
    try:
        if folder is None:
            return Recordings(_bucket(url))
        # A folder is taken away with the last recording in it.
        store = LocalStore(folder, mkdir=True, automatic_cleanup=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError
        return Recordings(store, folder)
    except (OSError, ValueError, obstore.exceptions.BaseError):
        # The store's own words may hold keys of the bucket.
        raise SettingsError(
            "GRADING_AUDIO_URL: must be file:///folder with a folder that can be written to, or"
            " s3://bucket/prefix with its AWS_ variables"
        ) from None


def _bucket(url: str) -> ObjectStore:
    # A bucket out of reach is soon told to whoever uploads, who can try again.
    return from_url(url, retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=15)})
