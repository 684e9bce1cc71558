"""The grader that hears a scripted model."""

import asyncio
from collections.abc import Iterator

import pytest

from grading.domain.result import GradingResult
from grading.domain.work import WritingWork
from grading.rubric.observation import Observation
from grading.settings import Settings
from tests.stack.evidence import honest
from tests.stack.memory_ledger import MemoryLedger
from tests.stack.provider.server import Provider
from workers.graders import wire_llm_grader
from workers.providers.background_loop import BackgroundLoop
from workers.providers.caller import Caller
from workers.providers.chat import ChatModel
from workers.unwatched_run import UnwatchedRun
from workers.writing.embedded import EmbeddedWritingGrader
from workers.writing.measure import Step


class Listener:
    """Grades by measuring and by a model's evidence."""

    def __init__(self, settings: Settings, embedded: EmbeddedWritingGrader) -> None:
        self._embedded = embedded
        self._loop = BackgroundLoop()
        slots = asyncio.Semaphore(settings.openai_max_in_flight)
        self._callers = [
            Caller(self._loop, slots, ChatModel(settings, model), settings.grading_budget)
            for model in settings.models
        ]
        self._grader = wire_llm_grader(settings, self._callers, self)

    def measure(self, work: WritingWork, step: Step) -> tuple[Observation, ...]:
        """Observe ``work`` with the models that are loaded already; as a Measurer does."""
        del step
        return self._embedded.observe(work, UnwatchedRun())

    def grade(self, work: WritingWork) -> GradingResult:
        """Grade ``work``, as a job's only run does."""
        return self._grader.grade(work, UnwatchedRun(calls=MemoryLedger()))

    def close(self) -> None:
        """End the connections and the loop."""
        for caller in self._callers:
            caller.close()
        self._loop.close()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider whose model is an honest witness until it is told otherwise."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Provider() as started:
        started.chat.choose = honest
        yield started


@pytest.fixture
def listener(provider: Provider, grader: EmbeddedWritingGrader) -> Iterator[Listener]:
    settings = Settings.model_validate(
        {
            "database_url": "postgresql://nowhere/none",
            "rabbitmq_url": "amqp://nowhere",
            "openai_api_key": "key",
            "openai_base_url": provider.url,
        }
    )
    made = Listener(settings, grader)
    yield made
    made.close()
