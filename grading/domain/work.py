"""What a learner submits."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from grading.domain.feedback import FeedbackLanguage


class Skill(StrEnum):
    """The skill that a unit of work belongs to."""

    WRITING = "writing"
    SPEAKING = "speaking"


class WritingTask(IntEnum):
    """The two tasks of the writing paper; the number is the exam's own."""

    LETTER = 1
    ESSAY = 2


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the learner was asked to do."""

    text: str
    #: What an answer has to do, one point an item. May be empty.
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WritingWork:
    """One answer to one writing task, exactly as it was submitted."""

    task: WritingTask
    text: str
    prompt: Prompt
    feedback_language: FeedbackLanguage = FeedbackLanguage.ENGLISH
