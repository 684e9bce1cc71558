"""What grading comes to, with all that stands behind it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from grading.domain.audio import AudioQuality, NotAssessableReason
from grading.domain.confidence import Confidence
from grading.domain.criterion import Criterion, Moment, Quote
from grading.domain.feedback import Feedback
from grading.domain.score import Band
from grading.domain.transcript import Transcript
from grading.domain.usage import ModelUse


class CapReason(StrEnum):
    """Why a unit may not score high, whatever its criteria say."""

    OFF_TOPIC = "off_topic"
    COPIED_FROM_PROMPT = "copied_from_prompt"
    TOO_SHORT = "too_short"
    REPEATED_OR_PADDED = "repeated_or_padded"
    NOT_ENGLISH = "not_english"
    MIXED_LANGUAGE = "mixed_language"
    NO_SENSE = "no_sense"
    #: The recogniser was unsure of what it heard.
    LOW_TRANSCRIPT_CONFIDENCE = "low_transcript_confidence"


class Flag(StrEnum):
    """Something a person should know. Never moves a score."""

    INSTRUCTIONS_TO_GRADER = "instructions_to_grader"
    #: What a model saw and what was measured lead to scores too far apart for both to be right.
    SCORERS_DISAGREE = "scorers_disagree"


class ScoredBy(StrEnum):
    """Whose marks the scores of a result are."""

    MACHINE = "machine"
    #: The machine's and an examiner's, who agreed.
    HYBRID = "hybrid"
    #: An examiner's alone.
    HUMAN = "human"


class Impact(StrEnum):
    """Which way a piece of evidence pulled its criterion."""

    RAISES = "raises"
    LOWERS = "lowers"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that was observed, and what it did to a criterion score."""

    #: Snake case; the rubric file lists the kinds.
    kind: str
    #: One sentence that a learner can understand.
    message: str
    impact: Impact
    #: What was measured, in the unit that ``message`` names.
    value: float | None = None
    #: Points of the 0 to 10 scale by which it moved the criterion, before rounding.
    points: float | None = None
    #: At most five, of a written answer.
    quotes: tuple[Quote, ...] = ()
    #: At most five, of a spoken one.
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """The score of one criterion and what stands behind it."""

    criterion: Criterion
    #: 0 to 10 in steps of 0.5.
    score: Decimal
    #: Share of the unit's score; the shares add up to 1.
    weight: Decimal
    band: Band
    #: What the rubric says of an answer in this band.
    descriptor: str
    #: Strongest first.
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Cap:
    """A cap that fired, with the measured value that set it off in ``message``."""

    reason: CapReason
    limit: Decimal
    message: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which versions made a result. The same input under the same ones scores the same."""

    grader: str
    grader_version: str
    rubric_version: str
    feature_version: str
    #: The language models and tools used, as ``name version``.
    tools: tuple[str, ...] = ()
    #: The calibration on examiners' marks; empty where there is none.
    calibration: str = ""
    #: The providers' models that took part.
    models: tuple[ModelUse, ...] = ()
    #: Why none took part although one is set, as the code of a fault; empty otherwise.
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class GradingResult:
    """The graded unit."""

    #: 0 to 10 in steps of 0.5, ties rounded up.
    score: Decimal
    #: The mean of the criteria after caps, before that rounding.
    exact_score: Decimal
    band: Band
    criteria: tuple[CriterionScore, ...]
    #: Lowest first.
    caps: tuple[Cap, ...]
    flags: tuple[Flag, ...]
    #: Words of the answer, repeated sentences counted once.
    word_count: int
    provenance: Provenance
    #: None of results that were made before there was one.
    confidence: Confidence | None = None
    feedback: Feedback | None = None
    #: Criteria that could not be measured. Their shares are with the others, whose
    #: ``weight`` shows it.
    absent: tuple[Criterion, ...] = ()
    #: Of a spoken answer.
    transcript: Transcript | None = None
    audio: AudioQuality | None = None


@dataclass(frozen=True, slots=True)
class NotAssessable:
    """A recording in which there is nothing to grade: an outcome of its own, with no score."""

    reason: NotAssessableReason
    #: One sentence for the learner.
    message: str
    audio: AudioQuality
    provenance: Provenance


#: What grading comes to.
Outcome: TypeAlias = GradingResult | NotAssessable
