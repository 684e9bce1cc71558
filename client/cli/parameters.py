"""Arguments and options that several commands have."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from vstep.grading.v1.result_pb2 import FeedbackLanguage

JobArgument = Annotated[UUID, typer.Argument(metavar="JOB", help="The job's id, a UUID.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout, and nothing else.")]
RequestId = Annotated[
    UUID | None,
    typer.Option(help="A UUID; the same one never makes a second job. New by default."),
]


class LanguageName(StrEnum):
    """The languages of the contract, by their codes."""

    EN = "en"
    VI = "vi"


_LANGUAGES = {
    LanguageName.EN: FeedbackLanguage.FEEDBACK_LANGUAGE_ENGLISH,
    LanguageName.VI: FeedbackLanguage.FEEDBACK_LANGUAGE_VIETNAMESE,
}

Language = Annotated[
    LanguageName | None,
    typer.Option("--feedback-language", help="The language of the feedback; English by default."),
]


def language_sent(language: LanguageName | None) -> FeedbackLanguage.ValueType:
    """The contract's value; unspecified where nothing was said."""
    return (
        FeedbackLanguage.FEEDBACK_LANGUAGE_UNSPECIFIED if language is None else _LANGUAGES[language]
    )


class StateName(StrEnum):
    """The states of the contract, as they are typed."""

    QUEUED = "queued"
    PROCESSING = "processing"
    ANALYZING = "analyzing"
    GRADING = "grading"
    RETRYING = "retrying"
    REVIEW_REQUIRED = "review_required"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SkillName(StrEnum):
    """The skills of the contract, as they are typed."""

    WRITING = "writing"
    SPEAKING = "speaking"
