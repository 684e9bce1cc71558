"""A worker's process that asks models, in this process: wired as the product is."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta

from interlock import CircuitBreaker

from grading.domain.retry import RetryPolicy
from grading.domain.review import ReviewPolicy
from grading.recordings import open_recordings
from grading.settings import Settings
from grading.store.engine import make_engine
from workers.grader import SpeakingGrader
from workers.graders import wire_llm_grader, wire_llm_speaking_grader
from workers.journal import Journal
from workers.providers.background_loop import BackgroundLoop
from workers.providers.caller import Caller
from workers.providers.chat import ChatModel
from workers.recordings import RecordingDesk
from workers.runner import Runner
from workers.skills import SkillGraders
from workers.speaking.embedded import EmbeddedSpeakingGrader
from workers.speaking.models import SpeakingModels
from workers.writing.measurer import Measurer

#: Under what name it takes jobs.
NAME = "worker-1"


class LlmWorker:
    """A runner with a journal and graders that hear the models of ``settings``.

    It grades speech where it is given ``ears``.
    """

    def __init__(
        self,
        settings: Settings,
        measurer: Measurer,
        breakers: Sequence[CircuitBreaker | None] = (None, None),
        ears: SpeakingModels | None = None,
    ) -> None:
        self.stopping = threading.Event()
        self._loop = BackgroundLoop()
        slots = asyncio.Semaphore(settings.openai_max_in_flight)
        self.callers = [
            Caller(self._loop, slots, ChatModel(settings, model), settings.grading_budget, breaker)
            for model, breaker in zip(settings.models, breakers, strict=False)
        ]
        engine = make_engine(settings, "tests", pool_size=1)
        self.journal = Journal(engine, timedelta(seconds=settings.grading_lease_seconds))
        cap = timedelta(seconds=settings.grading_retry_backoff_cap_seconds)
        desk = None
        if ears is not None:
            desk = RecordingDesk.of(settings, open_recordings(settings), self.journal)

        def load_speaking() -> SpeakingGrader:
            if ears is None:
                raise LookupError("this worker grades writing")
            embedded = EmbeddedSpeakingGrader.load(ears)
            return wire_llm_speaking_grader(settings, self.callers, embedded)

        self.runner = Runner(
            self.journal,
            SkillGraders(lambda: wire_llm_grader(settings, self.callers, measurer), load_speaking),
            RetryPolicy(settings.grading_max_retries, cap),
            ReviewPolicy(settings.grading_review_mode, settings.grading_spot_check_rate),
            self.stopping.is_set,
            settings.openai_tokens_per_minute,
            desk,
        )

    def close(self) -> None:
        """End its threads and connections."""
        for caller in self.callers:
            caller.close()
        self._loop.close()
        self.journal.close()
