"""Whether a person has to look at a result, and how soon."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from grading.domain.result import CapReason, Flag, NotAssessable, Outcome


class ReviewMode(StrEnum):
    """What becomes of a result that needs a review."""

    #: It is held back until an examiner has confirmed it.
    REQUIRED = "required"
    #: It is given out at once, and says that it needs one.
    ADVISORY = "advisory"


class ReviewPriority(StrEnum):
    """How soon a review is needed."""

    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ReviewReason(StrEnum):
    """Why a review is needed."""

    #: The confidence lies under 85.
    LOW_CONFIDENCE = "low_confidence"
    #: The answer addresses whoever grades it.
    FRAUD_SIGNAL = "fraud_signal"
    #: Chosen by lot among confident results, to keep an eye on the grader.
    SPOT_CHECK = "spot_check"
    #: Independent scorers are too far apart for both to be right.
    SCORERS_DISAGREE = "scorers_disagree"
    #: A criterion could not be measured.
    NOT_MEASURED = "not_measured"
    #: The recogniser was unsure of what was said.
    LOW_TRANSCRIPT_CONFIDENCE = "low_transcript_confidence"


#: Flags that speak of an attempt to be graded by something else than the answer.
FRAUD_SIGNALS = frozenset({Flag.INSTRUCTIONS_TO_GRADER})

#: From this confidence on a result needs no review, and from the other no audit.
CONFIDENT, BEYOND_AUDIT = 85, 90
#: A result that scorers dispute is reviewed as soon as one of this confidence.
DISPUTED = 69
_PRIORITY_FROM = ((70, ReviewPriority.MEDIUM), (50, ReviewPriority.HIGH))


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a result goes: to the learner, or to an examiner first."""

    #: None where no review is needed.
    priority: ReviewPriority | None = None
    #: Empty where no review is needed.
    reasons: tuple[ReviewReason, ...] = ()
    #: Confident enough to be given out, not enough to be forgotten: 85 to 89.
    audit: bool = False


NO_REVIEW = Routing()


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """Which results a person has to look at (section 5 of the rules of confidence)."""

    mode: ReviewMode
    #: Share of the confident results that are reviewed all the same, 0 to 1.
    spot_check_rate: float

    def route(self, result: Outcome, job_id: UUID) -> Routing:
        """Tell where ``result`` goes; the same job goes the same way each time.

        A result without a confidence is treated as one of 0.
        """
        if isinstance(result, NotAssessable):
            return NO_REVIEW  # there is nothing that an examiner could score either
        confidence = 0 if result.confidence is None else result.confidence.value
        fraud = not FRAUD_SIGNALS.isdisjoint(result.flags)
        reasons: list[ReviewReason] = []
        if fraud:
            reasons.append(ReviewReason.FRAUD_SIGNAL)
        disagree = Flag.SCORERS_DISAGREE in result.flags
        if disagree:
            reasons.append(ReviewReason.SCORERS_DISAGREE)
        if result.absent:
            reasons.append(ReviewReason.NOT_MEASURED)
        if any(cap.reason is CapReason.LOW_TRANSCRIPT_CONFIDENCE for cap in result.caps):
            reasons.append(ReviewReason.LOW_TRANSCRIPT_CONFIDENCE)
        if confidence < CONFIDENT:
            reasons.append(ReviewReason.LOW_CONFIDENCE)
        elif not disagree and self._is_chosen(job_id):
            reasons.append(ReviewReason.SPOT_CHECK)
        if not reasons:
            return Routing(audit=confidence < BEYOND_AUDIT)
        # A dispute is urgent even where all else speaks for the result.
        least_sure = min(confidence, DISPUTED) if disagree else confidence
        return Routing(
            ReviewPriority.CRITICAL if fraud else _priority_of(least_sure),
            tuple(reasons),
            audit=CONFIDENT <= confidence < BEYOND_AUDIT,
        )

    def holds_back(self, routing: Routing) -> bool:
        """Whether a result so routed waits for its review."""
        return self.mode is ReviewMode.REQUIRED and routing.priority is not None

    def _is_chosen(self, job_id: UUID) -> bool:
        # A hash of the id, so that the lot can be drawn again and comes out the same.
        lot = int.from_bytes(hashlib.sha256(job_id.bytes).digest()[:8])
        return lot < self.spot_check_rate * 2**64


def _priority_of(confidence: int) -> ReviewPriority:
    for least, priority in _PRIORITY_FROM:
        if confidence >= least:
            return priority
    return ReviewPriority.CRITICAL
