"""Spoken answers to ask about, their transcripts made by hand."""

from dataclasses import replace
from pathlib import Path

from grading.domain.work import Prompt, SpeakingPart, SpeakingWork
from tests.unit.speaking.words import line_of, spoken
from workers.speaking.evidence.spoken_text import SpokenText
from workers.speaking.repairs import find_repairs
from workers.speaking.speech_text import speech_text

#: Each word takes 0.3 seconds, and each bar a second of silence.
ANSWER = (
    "I I think the library are the best choice for our club. | First of all, it is quiet, so "
    "everybody can concentrate on what they read. | The second reason is that it is free for "
    "students. For example, my sister borrow three books every week. | On the other hand, the "
    "coffee shop is too noisy, and the park depends on the weather."
)
REQUIREMENTS = ("Choose one of the three places", "Say why you would not choose the others")
PROMPT = Prompt("Your reading club needs a place: a library, a coffee shop, a park.", REQUIREMENTS)


def spoken_work(part: SpeakingPart = SpeakingPart.SOLUTION_DISCUSSION) -> SpeakingWork:
    """A spoken answer to a task about a reading club; its recording is nowhere."""
    return SpeakingWork(part, Path("nowhere"), PROMPT)


def spoken_text(
    text: str = ANSWER,
    part: SpeakingPart = SpeakingPart.SOLUTION_DISCUSSION,
    unsure: frozenset[str] = frozenset(),
) -> SpokenText:
    """What a model is shown of it, where the recogniser was not sure of the words ``unsure``."""
    words = [
        replace(word, confidence=0.3) if word.text in unsure else word for word in spoken(text)
    ]
    line = line_of(words)
    return SpokenText.of(spoken_work(part), speech_text(line.words, find_repairs(line.words)))
