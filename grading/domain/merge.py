"""The final result: the machine's and the examiner's put together (section 6 of the rules)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from grading.domain.criterion import Criterion
from grading.domain.marks import Marks
from grading.domain.result import (
    CriterionScore,
    GradingResult,
    NotAssessable,
    Outcome,
    ScoredBy,
)
from grading.domain.score import Band, band_of, round_score

#: Scores that are no further apart than this are put together.
AGREEMENT = Decimal("0.5")
MACHINE_SHARE, EXAMINER_SHARE = Decimal("0.4"), Decimal("0.6")
_BANDS = list(Band)

#: What the rubric says of answers in a band, by criterion.
Describe = Callable[[Criterion, Band], str]


@dataclass(frozen=True, slots=True)
class Final:
    """What is given out after a review."""

    result: GradingResult
    scored_by: ScoredBy

    @property
    def audit(self) -> bool:
        """Whether somebody should look at why the machine's scores did not stand."""
        return self.scored_by is ScoredBy.HUMAN


def merge(machine: Outcome, examiner: Marks, describe: Describe) -> Final:
    """Put the machine's result and an examiner's marks together.

    Where the two agree, each criterion and the whole are 0.4 of the machine's and 0.6 of the
    examiner's, exact scores before any is rounded. Where they don't, or the machine has no
    score for a criterion that the examiner has one for, the examiner's stand alone.
    """
    if isinstance(machine, NotAssessable):
        blank = GradingResult(
            score=Decimal(0),
            exact_score=Decimal(0),
            band=Band.BELOW_B1,
            criteria=(),
            caps=(),
            flags=(),
            word_count=0,
            provenance=machine.provenance,
            audio=machine.audio,
        )
        return _human(blank, examiner, describe)
    return (_hybrid if agree(machine, examiner) else _human)(machine, examiner, describe)


def agree(machine: GradingResult, examiner: Marks) -> bool:
    """Whether the two are near enough to be put together."""
    if {entry.criterion for entry in machine.criteria} != {one for one, _ in examiner.scores}:
        return False
    steps = abs(_BANDS.index(machine.band) - _BANDS.index(examiner.band))
    return abs(machine.score - examiner.score) <= AGREEMENT and steps <= 1


def _hybrid(machine: GradingResult, examiner: Marks, describe: Describe) -> Final:
    own = {entry.criterion: entry.score for entry in machine.criteria}
    scores = Marks(
        tuple((criterion, _together(own[criterion], mark)) for criterion, mark in examiner.scores)
    )
    # The mean of these is the same, but for a machine's score that a cap holds down.
    exact = _together(machine.exact_score, examiner.exact)
    result = _given(machine, scores, exact, describe)
    # A cap that lies below what the two came to holds nothing down any more.
    caps = tuple(cap for cap in machine.caps if cap.limit >= result.score)
    return Final(replace(result, caps=caps), ScoredBy.HYBRID)


def _human(machine: GradingResult, examiner: Marks, describe: Describe) -> Final:
    result = _given(machine, examiner, examiner.exact, describe)
    return Final(replace(result, caps=()), ScoredBy.HUMAN)


def _together(machine: Decimal, examiner: Decimal) -> Decimal:
    return MACHINE_SHARE * machine + EXAMINER_SHARE * examiner


def _given(
    machine: GradingResult, scores: Marks, exact: Decimal, describe: Describe
) -> GradingResult:
    score = round_score(exact)
    return replace(
        machine,
        score=score,
        exact_score=exact,
        band=band_of(score),
        criteria=_criteria(machine, scores, describe),
        absent=(),
        # It speaks of the machine's scores.
        confidence=None,
    )


def _criteria(
    machine: GradingResult, scores: Marks, describe: Describe
) -> tuple[CriterionScore, ...]:
    own = {entry.criterion: entry for entry in machine.criteria}
    weight = Decimal(1) / len(scores.scores)
    criteria = []
    for criterion, exact in scores.scores:
        score = round_score(exact)
        band = band_of(score)
        entry = own.get(criterion)
        criteria.append(
            CriterionScore(
                criterion=criterion,
                score=score,
                weight=weight,
                band=band,
                descriptor=describe(criterion, band),
                # What was seen is still there; by how much it moved the machine's own
                # score says nothing of this one.
                evidence=tuple(replace(seen, points=None) for seen in entry.evidence)
                if entry
                else (),
            )
        )
    return tuple(criteria)
