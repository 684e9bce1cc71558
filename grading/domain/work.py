"""What a learner submits."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from grading.domain.feedback import FeedbackLanguage


class Skill(StrEnum):
    """The skill that a unit of work belongs to."""

    WRITING = "writing"
    SPEAKING = "speaking"


class WritingTask(IntEnum):
    """The two tasks of the writing paper; the number is the exam's own."""

    LETTER = 1
    ESSAY = 2


class SpeakingPart(IntEnum):
    """The three parts of the speaking paper; the number is the exam's own."""

    SOCIAL_INTERACTION = 1
    SOLUTION_DISCUSSION = 2
    TOPIC_DEVELOPMENT = 3


#: What one job grades; rubric files name it by its number.
Unit: TypeAlias = WritingTask | SpeakingPart


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


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A recording that was uploaded."""

    id: UUID


@dataclass(frozen=True, slots=True)
class RecordingUrl:
    """A recording that has to be fetched."""

    url: str


@dataclass(frozen=True, slots=True)
class SpeakingSubmission:
    """A recorded answer as a client submits it: the recording itself is elsewhere."""

    part: SpeakingPart
    recording: StoredRecording | RecordingUrl
    prompt: Prompt
    feedback_language: FeedbackLanguage = FeedbackLanguage.ENGLISH

    def with_file(self, file: Path) -> "SpeakingWork":
        """The same, once the recording is at hand."""
        return SpeakingWork(self.part, file, self.prompt, self.feedback_language)


@dataclass(frozen=True, slots=True)
class SpeakingWork:
    """One recorded answer to one part of the speaking paper, with the recording at hand."""

    part: SpeakingPart
    #: The file with the recording's bytes. Its content tells the format, its name nothing.
    recording: Path
    prompt: Prompt
    feedback_language: FeedbackLanguage = FeedbackLanguage.ENGLISH


#: What a job is given to grade, as it was submitted.
Work: TypeAlias = WritingWork | SpeakingSubmission


def skill_of(work: Work) -> Skill:
    """The skill that work belongs to."""
    return Skill.WRITING if isinstance(work, WritingWork) else Skill.SPEAKING
