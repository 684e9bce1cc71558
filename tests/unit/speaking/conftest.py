"""What the tests of speaking share: the models, loaded once, and sounds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grading.domain.job import JobStage
from grading.domain.result import GradingResult, NotAssessable
from grading.domain.transcript import Transcript
from grading.domain.work import Prompt, SpeakingPart, SpeakingWork
from workers.speaking.embedded import EmbeddedSpeakingGrader
from workers.speaking.models import SpeakingModels
from workers.speaking.sound import RATE, Samples, Sound
from workers.speaking.transcriber import Heard, Transcriber
from workers.speaking.voice import Voice
from workers.speaking.whisper import EmbeddedTranscriber
from workers.unwatched_run import UnwatchedRun

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases" / "speech"
RECORDINGS = ROOT / "embedded" / "recordings"
ANSWER = RECORDINGS / "synthetic-answer.ogg"

Grade = Callable[[SpeakingWork], GradingResult | NotAssessable]


def quiet(stage: JobStage, progress: float, message: str) -> None:
    """A report that goes nowhere."""
    del stage, progress, message


def samples(seconds: float, *, pitch: float = 440.0, level: float = 0.3) -> Samples:
    """A sine."""
    times = np.arange(round(seconds * RATE)) / RATE
    return (32_767 * level * np.sin(2 * np.pi * pitch * times)).astype(np.int16)


def sine(seconds: float, *, pitch: float = 440.0, level: float = 0.3) -> Sound:
    """A sound of one pitch."""
    return Sound(samples(seconds, pitch=pitch, level=level))


class RememberingTranscriber:
    """Transcribes each sound once: it takes seconds, and many tests hear the same."""

    def __init__(self, inner: Transcriber) -> None:
        self.inner = inner
        self.tools = inner.tools
        self._heard: dict[bytes, Transcript] = {}

    def transcribe(self, sound: Sound, voice: Voice, heard: Heard) -> Transcript:
        """As the transcriber within does."""
        key = sound.samples.tobytes()
        if key not in self._heard:
            self._heard[key] = self.inner.transcribe(sound, voice, heard)
        heard(sound.seconds, sound.seconds)
        return self._heard[key]


@pytest.fixture(scope="session")
def transcriber() -> Transcriber:
    return EmbeddedTranscriber(threads=2)


@pytest.fixture(scope="session")
def models(transcriber: Transcriber) -> SpeakingModels:
    return SpeakingModels.load(transcriber=RememberingTranscriber(transcriber))


@pytest.fixture(scope="session")
def grader(models: SpeakingModels) -> EmbeddedSpeakingGrader:
    return EmbeddedSpeakingGrader.load(models)


@pytest.fixture(scope="session")
def answer() -> SpeakingWork:
    """The demo's work."""
    requirements = (RECORDINGS / "requirements.txt").read_text("utf-8").strip().split("\n")
    prompt = Prompt((RECORDINGS / "prompt.txt").read_text("utf-8").strip(), tuple(requirements))
    return SpeakingWork(SpeakingPart.TOPIC_DEVELOPMENT, ANSWER, prompt)


@pytest.fixture(scope="session")
def graded(grader: EmbeddedSpeakingGrader, answer: SpeakingWork) -> GradingResult:
    """The demo's result; graded once, as it takes seconds."""
    result = grader.grade(answer, UnwatchedRun())
    assert isinstance(result, GradingResult)
    return result
