"""The grader of speech that hears a scripted model."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from grading.domain.result import GradingResult, NotAssessable
from grading.domain.work import Prompt, SpeakingWork
from grading.settings import Settings
from tests.stack.evidence import honest
from tests.stack.memory_ledger import MemoryLedger
from tests.stack.provider.server import Provider
from tests.unit.speaking.conftest import RECORDINGS
from tests.unit.speaking.scripted import EvenAligner, say
from workers.graders import wire_llm_speaking_grader
from workers.providers.background_loop import BackgroundLoop
from workers.providers.caller import Caller
from workers.providers.chat import ChatModel
from workers.speaking.embedded import EmbeddedSpeakingGrader
from workers.speaking.models import SpeakingModels
from workers.unwatched_run import UnwatchedRun

TEXT = (RECORDINGS / "synthetic-answer.txt").read_text("utf-8").strip()
PROMPT = Prompt(
    (RECORDINGS / "prompt.txt").read_text("utf-8").strip(),
    ("Say how your neighbourhood has changed", "Describe what is good about living there"),
)


@dataclass
class Listener:
    """Grades what is said to it by measuring and by a model's evidence."""

    url: str
    #: With an aligner that takes no time.
    models: SpeakingModels
    folder: Path

    def grade(
        self,
        text: str = TEXT,
        *,
        run: dict[str, Any] | None = None,
        change: Callable[[SpeakingModels], SpeakingModels] = lambda models: models,
        settings: dict[str, Any] | None = None,
        **said: Any,
    ) -> GradingResult:
        """The result for somebody who says ``text``, as a job's only run gives it.

        ``change`` changes what is listened with, and ``run`` the run.
        """
        scripted, work = say(self.models, self.folder, text, PROMPT, **said)
        outcome = self.outcome(work, change(scripted), run or {}, settings or {})
        assert isinstance(outcome, GradingResult)
        return outcome

    def outcome(
        self,
        work: SpeakingWork,
        models: SpeakingModels,
        run: dict[str, Any],
        settings: dict[str, Any],
    ) -> GradingResult | NotAssessable:
        """What grading ``work`` comes to."""
        made = Settings.model_validate(
            {
                "database_url": "postgresql://nowhere/none",
                "rabbitmq_url": "amqp://nowhere",
                "openai_api_key": "key",
                "openai_base_url": self.url,
                **settings,
            }
        )
        loop = BackgroundLoop()
        slots = asyncio.Semaphore(made.openai_max_in_flight)
        callers = [
            Caller(loop, slots, ChatModel(made, model), made.grading_budget)
            for model in made.models
        ]
        grader = wire_llm_speaking_grader(made, callers, EmbeddedSpeakingGrader.load(models))
        try:
            return grader.grade(work, replace(UnwatchedRun(calls=MemoryLedger()), **run))
        finally:
            for caller in callers:
                caller.close()
            loop.close()

    def alone(self, text: str = TEXT, **said: Any) -> GradingResult:
        """What the embedded grader makes of it."""
        scripted, work = say(self.models, self.folder, text, PROMPT, **said)
        result = EmbeddedSpeakingGrader.load(scripted).grade(work, UnwatchedRun())
        assert isinstance(result, GradingResult)
        return result


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider whose model is an honest witness until it is told otherwise."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Provider() as started:
        started.chat.choose = honest
        yield started


@pytest.fixture
def listener(provider: Provider, models: SpeakingModels, tmp_path: Path) -> Listener:
    aligner: Any = EvenAligner(models.aligner.dictionary)
    return Listener(provider.url, replace(models, aligner=aligner), tmp_path)
