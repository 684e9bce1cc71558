"""What models are asked about a written answer."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from grading.domain.feedback import FeedbackLanguage
from grading.domain.work import WritingTask, WritingWork
from workers.evidence import reading
from workers.evidence.prompt import PromptFile, make_mark
from workers.evidence.reading import Evidence
from workers.evidence.witness import EVIDENCE, SECOND_EVIDENCE, Questions
from workers.providers.caller import Question
from workers.providers.chat import ChatPrompt
from workers.writing.evidence.form import EvidenceAndFeedbackForm, EvidenceForm
from workers.writing.evidence.observations import observe_evidence
from workers.writing.own_text import OwnText

F = TypeVar("F", bound=EvidenceForm)

_KIND = {WritingTask.LETTER: "a letter or e-mail", WritingTask.ESSAY: "an essay"}


def questions_about(
    file: PromptFile, work: WritingWork, own: OwnText, minimum: int
) -> Questions[EvidenceAndFeedbackForm, EvidenceForm]:
    """What is asked about ``own``; ``minimum`` words are the least of its task."""
    mark = make_mark(own.text)
    return Questions(
        first_question(file, work, own, minimum, mark),
        Question(
            SECOND_EVIDENCE,
            ask_for_evidence(file, own, minimum, None, mark),
            reader_of(EvidenceForm, own),
        ),
    )


def first_question(
    file: PromptFile, work: WritingWork, own: OwnText, minimum: int, mark: str
) -> Question[ChatPrompt, Evidence[EvidenceAndFeedbackForm]]:
    """What the first model is asked about ``own``."""
    prompt = ask_for_evidence(file, own, minimum, work.feedback_language, mark)
    return Question(EVIDENCE, prompt, reader_of(EvidenceAndFeedbackForm, own))


def reader_of(form: type[F], own: OwnText) -> Callable[[str], Evidence[F]]:
    """What reads an answer about ``own`` in this form, and raises a fault for any other."""
    return reading.reader_of(form, partial(observe_evidence, own=own))


def ask_for_evidence(
    file: PromptFile, own: OwnText, minimum: int, language: FeedbackLanguage | None, mark: str
) -> ChatPrompt:
    """Ask about an answer; for feedback too where a ``language`` is given."""
    return file.about(
        EvidenceForm if language is None else EvidenceAndFeedbackForm,
        language,
        own.prompt.requirements,
        task=int(own.task),
        kind=_KIND[own.task],
        minimum=minimum,
        prompt=own.prompt.text.strip(),
        mark=mark,
        answer=own.text,
    )
