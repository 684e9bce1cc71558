"""Recordings at hand, and workers that have a scripted provider transcribe them."""

from pathlib import Path
from typing import Any
from uuid import UUID

from interlock import CircuitBreaker
from sqlalchemy import Connection

from grading.domain.work import Prompt
from tests.integration.providers.job_desk import ANSWERED, ASKED, KEY, SAID, JobDesk
from tests.stack.light_listener import LightListener
from tests.stack.postgres import Database
from tests.stack.provider.route import Route
from tests.stack.provider.server import Provider
from tests.stack.provider.transcriptions import Transcribed
from tests.stack.recorded_jobs import submit_recording
from tests.stack.speech_worker import SpeechWorker
from workers.speaking.listener import Listener

#: What a provider hears in every recording.
HEARD = Transcribed.of(
    f"I think that {SAID} are lovely. " + "They live in the forest, and people like them. " * 6,
    billed=60,
)


class SpeechDesk(JobDesk):
    """Makes jobs of speaking, and workers that have a provider transcribe."""

    prefix = "stt"

    def __init__(
        self, database: Database, conn: Connection, provider: Provider, folder: Path
    ) -> None:
        super().__init__(database, conn, provider)
        self._recordings = {"grading_audio_url": f"file://{folder / 'recordings'}"}

    @property
    def route(self) -> Route:
        """Transcriptions."""
        return self.provider.transcriptions

    def submit(self, content: bytes = f"OggS of {ANSWERED}".encode()) -> UUID:
        """Accept a job with this recording."""
        settings = self.database.settings(**self._recordings)
        return submit_recording(self.conn, settings, content, Prompt(f"Talk about a {ASKED}."))

    def worker(
        self,
        url: str | None = None,
        listener: Listener | None = None,
        breaker: CircuitBreaker | None = None,
        **settings: Any,
    ) -> SpeechWorker:
        """A worker that listens without models, unless ``listener`` does it."""
        made = SpeechWorker(
            self.database.settings(
                stt_api_key=KEY,
                stt_base_url=url or self.provider.url,
                **{**self._recordings, **settings},
            ),
            listener or LightListener(),
            breaker,
        )
        self.workers.append(made)
        return made
