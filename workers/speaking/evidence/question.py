"""What models are asked about the transcript of a spoken answer."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from grading.domain.feedback import FeedbackLanguage
from grading.domain.work import SpeakingPart, SpeakingWork
from workers.evidence import reading
from workers.evidence.prompt import PromptFile, make_mark
from workers.evidence.reading import Evidence
from workers.evidence.witness import EVIDENCE, SECOND_EVIDENCE, Questions
from workers.providers.caller import Question
from workers.providers.chat import ChatPrompt
from workers.speaking.evidence.form import SpokenEvidenceAndFeedbackForm, SpokenEvidenceForm
from workers.speaking.evidence.observations import observe_spoken_evidence
from workers.speaking.evidence.spoken_text import SpokenText

F = TypeVar("F", bound=SpokenEvidenceForm)

_KIND = {
    SpeakingPart.SOCIAL_INTERACTION: "social interaction",
    SpeakingPart.SOLUTION_DISCUSSION: "solution discussion",
    SpeakingPart.TOPIC_DEVELOPMENT: "topic development",
}


def questions_about(
    file: PromptFile, work: SpeakingWork, spoken: SpokenText
) -> Questions[SpokenEvidenceAndFeedbackForm, SpokenEvidenceForm]:
    """What is asked about ``spoken``."""
    mark = make_mark(spoken.own.text)
    return Questions(
        Question(
            EVIDENCE,
            ask_for_evidence(file, spoken, work.feedback_language, mark),
            reader_of(SpokenEvidenceAndFeedbackForm, spoken),
        ),
        Question(
            SECOND_EVIDENCE,
            ask_for_evidence(file, spoken, None, mark),
            reader_of(SpokenEvidenceForm, spoken),
        ),
    )


def reader_of(form: type[F], spoken: SpokenText) -> Callable[[str], Evidence[F]]:
    """What reads an answer about ``spoken`` in this form, and raises a fault for any other."""
    return reading.reader_of(form, partial(observe_spoken_evidence, spoken=spoken))


def ask_for_evidence(
    file: PromptFile, spoken: SpokenText, language: FeedbackLanguage | None, mark: str
) -> ChatPrompt:
    """Ask about an answer; for feedback too where a ``language`` is given."""
    return file.about(
        SpokenEvidenceForm if language is None else SpokenEvidenceAndFeedbackForm,
        language,
        spoken.own.prompt.requirements,
        part=int(spoken.part),
        kind=_KIND[spoken.part],
        prompt=spoken.own.prompt.text.strip(),
        mark=mark,
        answer=spoken.own.text,
    )
