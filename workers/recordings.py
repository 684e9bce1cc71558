"""Brings a job's recording to hand, wherever it is."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import file_digest
from io import BufferedRandom
from pathlib import Path
from uuid import UUID

import uuid_utils
from obstore.exceptions import BaseError

from grading.audio_hosts import AudioHosts
from grading.domain.audio import AudioProblem
from grading.domain.container import HEAD, container_of
from grading.domain.work import RecordingUrl, SpeakingSubmission
from grading.exceptions import AudioRefused, RecordingGone, TransientFault
from grading.recordings import Recordings
from grading.settings import Settings
from grading.store.recordings import NewRecording, announce_recording, mark_fetched
from grading.store.records import Claim
from workers.journal import Journal
from workers.speaking.fetch_limit import FetchLimit
from workers.speaking.fetching import GoOn, fetch


class RecordingDesk:
    """Hands recordings out as files that are gone afterwards.

    What had to be fetched is kept for the job's next run, and for who reviews it.
    """

    def __init__(
        self,
        recordings: Recordings,
        journal: Journal,
        hosts: AudioHosts,
        most_bytes: int,
        fetch_seconds: float,
    ) -> None:
        self._recordings = recordings
        self._journal = journal
        self._hosts = hosts
        self._most_bytes = most_bytes
        self._fetch_seconds = fetch_seconds

    @classmethod
    def of(cls, settings: Settings, recordings: Recordings, journal: Journal) -> "RecordingDesk":
        """A desk with the limits of ``settings``."""
        return cls(
            recordings,
            journal,
            settings.audio_hosts,
            settings.grading_max_audio_bytes,
            settings.grading_audio_fetch_seconds,
        )

    @contextmanager
    def at_hand(self, claim: Claim, go_on: GoOn) -> Iterator[Path]:
        """The recording of a claimed job, as a file; asks ``go_on`` while it is fetched.

        The file has no name but that of this process's descriptor, by which other processes
        of its user can open it, too. It goes with the process, however that ends.

        Raises:
            AudioRefused: it is not to be had, now or later.
            TransientFault: it can't be had now.
        """
        with tempfile.TemporaryFile(prefix="vstep-recording-") as file:
            try:
                self._bring(claim, file, go_on)
                file.flush()
            except RecordingGone:
                raise AudioRefused(AudioProblem.UNREACHABLE, "The recording is gone.") from None
            except (OSError, BaseError) as error:
                name = type(error).__name__
                raise TransientFault(f"the store of recordings failed with {name}") from None
            yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")

    def _bring(self, claim: Claim, file: BufferedRandom, go_on: GoOn) -> None:
        assert isinstance(claim.work, SpeakingSubmission)
        source = claim.work.recording
        if claim.recording_key is not None:
            self._recordings.fetch(claim.recording_key, file)
        elif isinstance(source, RecordingUrl):
            limit = FetchLimit(self._most_bytes, self._fetch_seconds)
            fetch(source.url, file, self._hosts, limit, go_on)
            self._keep(claim, file)
        else:
            raise RecordingGone(str(source.id))

    def _keep(self, claim: Claim, file: BufferedRandom) -> None:
        size = file.tell()
        file.seek(0)
        container = container_of(file.read(HEAD))
        if container is None:
            raise AudioRefused(
                AudioProblem.UNDECODABLE, "What its address gives is no audio that is accepted."
            )
        file.seek(0)
        recording_id = UUID(int=uuid_utils.uuid7().int)
        recording = NewRecording(
            id=recording_id,
            user_id=claim.user_id,
            key=f"fetched/{recording_id}",
            container=container.value,
            size_bytes=size,
            sha256=file_digest(file, "sha256").digest(),
            tenant=claim.tenant,
        )
        self._journal.call(partial(announce_recording, recording=recording))
        file.seek(0)
        self._recordings.keep(recording.key, file)
        self._journal.call(partial(mark_fetched, recording_id=recording.id, job_id=claim.job_id))
