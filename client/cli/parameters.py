"""Arguments and options that several commands have."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

JobArgument = Annotated[UUID, typer.Argument(metavar="JOB", help="The job's id, a UUID.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout, and nothing else.")]
RequestId = Annotated[
    UUID | None,
    typer.Option(help="A UUID; the same one never makes a second job. New by default."),
]


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
