"""Recognisers that hear what a test says, so that no sound is needed for words."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from grading.domain.feedback import FeedbackLanguage
from grading.domain.result import GradingResult
from grading.domain.transcript import SpokenWord, Transcript
from grading.domain.work import Prompt, SpeakingPart, SpeakingWork
from tests.unit.speaking.conftest import samples
from tests.unit.speaking.encoding import FORMATS, encode
from tests.unit.speaking.words import spoken
from workers.speaking.alignment import AlignedWord, SpokenPhone
from workers.speaking.embedded import EmbeddedSpeakingGrader
from workers.speaking.models import SpeakingModels
from workers.speaking.pronouncing import PronouncingDictionary
from workers.speaking.sound import Sound
from workers.speaking.transcriber import Heard
from workers.speaking.voice import Interval, Voice
from workers.unwatched_run import UnwatchedRun


class ScriptedTranscriber:
    """Hears the words that it was given."""

    tools: tuple[str, ...] = ("scripted 1",)

    def __init__(self, words: list[SpokenWord], language: str = "en") -> None:
        self._words = tuple(words)
        self._language = language

    def transcribe(self, sound: Sound, voice: Voice, heard: Heard) -> Transcript:
        """As it was told."""
        del voice
        heard(sound.seconds, sound.seconds)
        return Transcript(self._words, self._language, 0.9, "scripted 1")


class EvenAligner:
    """Finds two phones in each word, as well said as any other, without a sound."""

    def __init__(self, dictionary: PronouncingDictionary) -> None:
        self.dictionary = dictionary

    def align(
        self, sound: Sound, words: Sequence[SpokenWord], waiting: Callable[[], object]
    ) -> tuple[AlignedWord, ...]:
        """All of ``words``."""
        del sound, waiting
        return tuple(AlignedWord(word, True, self._phones(word)) for word in words)

    def _phones(self, word: SpokenWord) -> tuple[SpokenPhone, ...]:
        middle = (word.start + word.end) / 2
        return (
            SpokenPhone("AH", word.start, middle, misfit=1.5, cost=1.5, heard=0.3),
            SpokenPhone("T", middle, word.end, misfit=1.5, cost=1.5, heard=0.3),
        )


class EverywhereVoice:
    """Takes everything for speech."""

    def listen(self, sound: Sound) -> Voice:
        """All of it."""
        return Voice((Interval(0.0, sound.seconds),))


def say(
    models: SpeakingModels,
    folder: Path,
    text: str,
    prompt: Prompt,
    *,
    confidence: float = 0.9,
    language: str = "en",
    part: SpeakingPart = SpeakingPart.SOLUTION_DISCUSSION,
    feedback_language: FeedbackLanguage = FeedbackLanguage.ENGLISH,
) -> tuple[SpeakingModels, SpeakingWork]:
    """Somebody who says ``text``, and models that hear it; nothing of the sound can be aligned."""
    words = [replace(word, confidence=confidence) for word in spoken(text)]
    length = (words[-1].end if words else 0.0) + 1.0
    recording = folder / "recording"
    recording.write_bytes(encode(np.tile(samples(1.0), int(length) + 1), FORMATS[0]))
    scripted = replace(
        models,
        transcriber=ScriptedTranscriber(words, language),
        voice=EverywhereVoice(),  # type: ignore[arg-type]
    )
    return scripted, SpeakingWork(part, recording, prompt, feedback_language)


def grade_words(
    models: SpeakingModels, folder: Path, text: str, prompt: Prompt, **said: Any
) -> GradingResult:
    """The result for somebody who says ``text``, as ``say`` has it."""
    scripted, work = say(models, folder, text, prompt, **said)
    result = EmbeddedSpeakingGrader.load(scripted).grade(work, UnwatchedRun())
    assert isinstance(result, GradingResult)
    return result
