"""What is stored of reviews, as it comes out of the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from grading.domain.criterion import Criterion
from grading.domain.double_marking import DoubleMarking
from grading.domain.marks import Marks
from grading.domain.result import ScoredBy
from grading.domain.review import ReviewPriority, ReviewReason
from grading.domain.work import Skill, SpeakingPart, Work, WritingTask
from grading.store.records import StoredResult


class ReviewState(StrEnum):
    """Where a review stands."""

    #: Waits for an examiner to claim it.
    OPEN = "open"
    #: An examiner holds it.
    CLAIMED = "claimed"
    #: Its result was given out.
    DONE = "done"


class ReviewAction(StrEnum):
    """What was done with a review."""

    CLAIMED = "claimed"
    RELEASED = "released"
    #: A claim came to its end by itself.
    LAPSED = "lapsed"
    MARKED = "marked"
    #: The result was given out.
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviews: the application's name for the examiner, and the credential it called with."""

    id: str
    tenant: str
    #: For the trail.
    caller: str


@dataclass(frozen=True, slots=True)
class Review:
    """A review as it stands."""

    job_id: UUID
    skill: Skill
    writing_task: WritingTask | None
    speaking_part: SpeakingPart | None
    state: ReviewState
    priority: ReviewPriority
    reasons: tuple[ReviewReason, ...]
    #: When the job was accepted, by which reviews are as old as they are.
    accepted_at: datetime
    #: Who holds it; None where nobody does.
    holder: str | None
    #: How many claims there were; the number of the one that holds it.
    claim: int
    claim_expires_at: datetime | None
    #: By two examiners, neither of whom is shown what others made of the answer.
    double_marked: bool
    #: The two are too far apart, and a third one decides.
    adjudication: bool
    #: The examiners whose marks are in, in their order.
    marked_by: tuple[str, ...]
    finished_at: datetime | None
    scored_by: ScoredBy | None

    @property
    def shows_machine(self) -> bool:
        """Whether examiners may see what the machine made of the answer.

        Who decides between two is not shown it either: what is compared and merged with the
        machine's result must not come from it.
        """
        return self.state is ReviewState.DONE or not self.double_marked

    @property
    def shows_marks(self) -> bool:
        """Whether examiners may see each other's marks."""
        return self.state is ReviewState.DONE or self.adjudication


@dataclass(frozen=True, slots=True)
class StoredMarks:
    """One examiner's marks of an answer."""

    reviewer_id: str
    #: The claim under which they were handed in.
    claim: int
    marks: Marks
    comment: str
    #: Of the third examiner, who decided.
    adjudication: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewAct:
    """One entry of the trail."""

    at: datetime
    action: ReviewAction
    reviewer_id: str
    #: Empty where the service did it by itself.
    caller: str
    claim: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ReviewFile:
    """All that there is about a review. Who asks may not be shown all of it."""

    review: Review
    #: None once it was purged.
    work: Work | None
    machine: StoredResult
    marks: tuple[StoredMarks, ...]
    #: What was given out; None while the review waits.
    result: StoredResult | None
    history: tuple[ReviewAct, ...]


def review_from(row: Any, double_marking: DoubleMarking) -> Review:
    """Read a row of a held or reviewed job beside its review, which may not be there yet."""
    held = row.finished_at is None and row.is_held
    if row.finished_at is not None:
        state = ReviewState.DONE
    else:
        state = ReviewState.CLAIMED if held else ReviewState.OPEN
    chosen = row.double_marked
    return Review(
        job_id=row.id,
        skill=Skill(row.skill),
        writing_task=None if row.writing_task is None else WritingTask(row.writing_task),
        speaking_part=None if row.speaking_part is None else SpeakingPart(row.speaking_part),
        state=state,
        priority=ReviewPriority(row.priority),
        reasons=tuple(ReviewReason(name) for name in row.reasons),
        accepted_at=row.accepted_at,
        holder=row.holder if held else None,
        claim=row.claim or 0,
        claim_expires_at=row.claim_expires_at if held else None,
        double_marked=double_marking.chooses(row.id) if chosen is None else chosen,
        adjudication=bool(row.adjudication),
        marked_by=tuple(row.marked_by or ()),
        finished_at=row.finished_at,
        scored_by=None if row.scored_by is None else ScoredBy(row.scored_by),
    )


def marks_from(row: Any) -> StoredMarks:
    """Read a row of ``review_marks``."""
    return StoredMarks(
        reviewer_id=row.reviewer_id,
        claim=row.claim,
        marks=read_marks(row.scores),
        comment=row.comment,
        adjudication=row.adjudication,
        created_at=row.created_at,
    )


def read_marks(document: list[list[str]]) -> Marks:
    """Read what ``write_marks`` wrote."""
    return Marks(tuple((Criterion(name), Decimal(score)) for name, score in document))


def write_marks(marks: Marks) -> list[list[str]]:
    """Marks as JSON keeps them: in their order, and none of them rounded."""
    return [[criterion.value, str(score)] for criterion, score in marks.scores]
