"""A worker's process that has a provider transcribe, in this process: wired as the product is."""

import threading
from datetime import timedelta

from interlock import CircuitBreaker

from grading.domain.retry import RetryPolicy
from grading.domain.review import ReviewPolicy
from grading.recordings import open_recordings
from grading.settings import Settings
from grading.store.engine import make_engine
from workers.grader import WritingGrader
from workers.journal import Journal
from workers.recordings import RecordingDesk
from workers.runner import Runner
from workers.shared_tools import SharedTools
from workers.skills import SkillGraders
from workers.speaking.embedded import EmbeddedSpeakingGrader
from workers.speaking.listener import Listener
from workers.transcribing import make_caller, make_transcripts


def no_writing() -> WritingGrader:
    """Nobody writes to this worker."""
    raise LookupError("this worker grades speaking")


class SpeechWorker:
    """A runner with a journal and a grader whose transcripts are the provider's."""

    def __init__(
        self, settings: Settings, listener: Listener, breaker: CircuitBreaker | None = None
    ) -> None:
        self.stopping = threading.Event()
        self._tools = SharedTools(settings)
        caller = make_caller(settings, self._tools, breaker)
        assert caller is not None
        self._caller = caller
        engine = make_engine(settings, "tests", pool_size=1)
        self.journal = Journal(engine, timedelta(seconds=settings.grading_lease_seconds))
        grader = EmbeddedSpeakingGrader.load(
            listener=listener, transcripts=make_transcripts(settings, caller, listener)
        )
        cap = timedelta(seconds=settings.grading_retry_backoff_cap_seconds)
        self.runner = Runner(
            self.journal,
            SkillGraders(no_writing, lambda: grader),
            RetryPolicy(settings.grading_max_retries, cap),
            ReviewPolicy(settings.grading_review_mode, settings.grading_spot_check_rate),
            self.stopping.is_set,
            desk=RecordingDesk.of(settings, open_recordings(settings), self.journal),
        )

    def close(self) -> None:
        """End its threads and connections."""
        self._caller.close()
        self._tools.loop.close()
        self.journal.close()
