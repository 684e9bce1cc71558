"""The final result at the borders of every case."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.audio import AudioQuality, NotAssessableReason
from grading.domain.criterion import (
    SPEAKING_CRITERIA,
    WRITING_CRITERIA,
    Criterion,
    Quote,
)
from grading.domain.marks import Marks
from grading.domain.merge import agree, merge
from grading.domain.result import (
    Cap,
    CapReason,
    CriterionScore,
    Evidence,
    GradingResult,
    Impact,
    NotAssessable,
    Provenance,
    ScoredBy,
)
from grading.domain.score import Band, band_of, round_score
from tests.stack.scripted_grader import RESULT

HALVES = st.integers(0, 20).map(lambda steps: Decimal(steps) / 2)


def _describe(criterion: Criterion, band: Band) -> str:
    return f"{criterion} {band}"


def _marks(*scores: str, criteria: Sequence[Criterion] = WRITING_CRITERIA) -> Marks:
    each = scores * len(criteria) if len(scores) == 1 else scores
    return Marks(tuple(zip(criteria, map(Decimal, each), strict=True)))


def _machine(*scores: str, caps: tuple[Cap, ...] = ()) -> GradingResult:
    own = _marks(*scores)
    exact = min([own.exact, *(cap.limit for cap in caps)])
    score = round_score(exact)
    evidence = Evidence("spelling", "Two slips.", Impact.LOWERS, 2, -0.4, (Quote("teh", 3, 6),))
    return replace(
        RESULT,
        score=score,
        exact_score=exact,
        band=band_of(score),
        caps=caps,
        criteria=tuple(
            CriterionScore(criterion, mark, Decimal("0.25"), band_of(mark), "Old.", (evidence,))
            for criterion, mark in own.scores
        ),
    )


@pytest.mark.parametrize(
    ("machine", "examiner", "scored_by", "exact", "score"),
    [
        # The same; and half a point apart, either way.
        ("6", "6", ScoredBy.HYBRID, "6.0", "6.0"),
        ("6", "6.5", ScoredBy.HYBRID, "6.3", "6.5"),
        ("6.5", "6", ScoredBy.HYBRID, "6.2", "6.0"),
        # Half a point apart over the border of a band, which is one step.
        ("5.5", "6", ScoredBy.HYBRID, "5.8", "6.0"),
        ("6", "5.5", ScoredBy.HYBRID, "5.7", "5.5"),
        ("3.5", "4", ScoredBy.HYBRID, "3.8", "4.0"),
        ("8.5", "8", ScoredBy.HYBRID, "8.2", "8.0"),
        # A whole point apart.
        ("6", "7", ScoredBy.HUMAN, "7", "7.0"),
        ("7", "6", ScoredBy.HUMAN, "6", "6.0"),
        ("0", "10", ScoredBy.HUMAN, "10", "10.0"),
        ("10", "0", ScoredBy.HUMAN, "0", "0.0"),
        ("0", "0", ScoredBy.HYBRID, "0.0", "0.0"),
        ("10", "10", ScoredBy.HYBRID, "10.0", "10.0"),
    ],
)
def test_the_borders_of_agreement(
    machine: str, examiner: str, scored_by: ScoredBy, exact: str, score: str
) -> None:
    final = merge(_machine(machine), _marks(examiner), _describe)
    assert final.scored_by is scored_by
    assert final.audit is (scored_by is ScoredBy.HUMAN)
    assert (final.result.exact_score, final.result.score) == (Decimal(exact), Decimal(score))
    assert final.result.band is band_of(Decimal(score))


def test_what_is_compared_are_the_rounded_scores() -> None:
    # 6.125 is 6.0, and 6.75 is 7.0: further apart than they are before they are rounded.
    machine = _machine("6", "6", "6", "6.5")
    assert not agree(machine, _marks("6.5", "7", "7", "6.5"))
    # 6.25 is 6.5, and 7.125 is 7.0: nearer.
    machine = _machine("6", "6", "6.5", "6.5")
    assert agree(machine, _marks("7", "7", "7", "7.5"))


def test_a_tie_of_the_exact_scores_is_rounded_up() -> None:
    final = merge(_machine("8", "8", "8", "8.5"), _marks("8.5", "8.5", "8", "8"), _describe)
    # 0.4 × 8.125 + 0.6 × 8.25 = 8.2
    assert (final.result.exact_score, final.result.score) == (Decimal("8.2"), Decimal("8.0"))
    final = merge(_machine("8", "8", "8", "8.5"), _marks("8.5", "8.5", "8.5", "8"), _describe)
    # 0.4 × 8.125 + 0.6 × 8.375 = 8.275: C1, though the machine said B2
    assert (final.result.score, final.result.band) == (Decimal("8.5"), Band.C1)
    final = merge(_machine("8.5", "8.5", "8", "8"), _marks("8.5", "8.5", "8", "8"), _describe)
    assert (final.result.exact_score, final.result.score) == (Decimal("8.25"), Decimal("8.5"))


def test_each_criterion_is_merged_and_keeps_its_evidence() -> None:
    final = merge(_machine("6", "6", "7", "6.5"), _marks("6.5", "6", "6", "7"), _describe)
    merged = final.result.criteria
    # 6.3, 6.0, 6.4 and 6.8
    assert [entry.score for entry in merged] == list(map(Decimal, ("6.5", "6.0", "6.5", "7.0")))
    assert [entry.weight for entry in merged] == [Decimal("0.25")] * 4
    assert [entry.descriptor for entry in merged] == [
        f"{criterion} b2" for criterion in WRITING_CRITERIA
    ]
    for entry in merged:
        [evidence] = entry.evidence
        assert evidence.points is None
        assert (evidence.impact, evidence.quotes) == (Impact.LOWERS, (Quote("teh", 3, 6),))
    assert final.result.confidence is None


def test_the_examiners_own_scores_stand_where_they_do_not_agree() -> None:
    final = merge(_machine("4"), _marks("6", "6.5", "7", "7.5"), _describe)
    assert [entry.score for entry in final.result.criteria] == list(
        map(Decimal, ("6.0", "6.5", "7.0", "7.5"))
    )
    assert [entry.band for entry in final.result.criteria] == [Band.B2] * 4


def test_a_cap_holds_the_machines_share_down_and_is_told_while_it_holds() -> None:
    caps = (
        Cap(CapReason.OFF_TOPIC, Decimal("3.5"), "Off."),
        Cap(CapReason.TOO_SHORT, Decimal(4), "Short."),
    )
    machine = _machine("6", caps=caps)
    assert machine.score == Decimal("3.5")
    final = merge(machine, _marks("4"), _describe)
    # 0.4 × 3.5 + 0.6 × 4 = 3.8, which is 4.0: over the first cap and not over the second.
    assert (final.scored_by, final.result.score) == (ScoredBy.HYBRID, Decimal("4.0"))
    assert [cap.reason for cap in final.result.caps] == [CapReason.TOO_SHORT]
    final = merge(machine, _marks("6"), _describe)
    assert (final.scored_by, final.result.score, final.result.caps) == (
        ScoredBy.HUMAN,
        Decimal("6.0"),
        (),
    )


def test_a_criterion_that_the_machine_could_not_measure_is_the_examiners() -> None:
    machine = _machine("6")
    spoken = replace(
        machine,
        criteria=tuple(
            replace(machine.criteria[0], criterion=criterion)
            for criterion in SPEAKING_CRITERIA
            if criterion is not Criterion.PRONUNCIATION
        ),
        absent=(Criterion.PRONUNCIATION,),
    )
    final = merge(spoken, _marks("6", criteria=SPEAKING_CRITERIA), _describe)
    assert final.scored_by is ScoredBy.HUMAN
    assert final.result.absent == ()
    assert [entry.criterion for entry in final.result.criteria] == list(SPEAKING_CRITERIA)
    by_criterion = {entry.criterion: entry for entry in final.result.criteria}
    assert by_criterion[Criterion.PRONUNCIATION].evidence == ()
    assert {entry.weight for entry in final.result.criteria} == {Decimal("0.2")}


def test_what_was_not_assessable_is_the_examiners() -> None:
    audio = AudioQuality(3, 0, -60, -50, 0, None)
    machine = NotAssessable(
        NotAssessableReason.NO_SPEECH, "No words.", audio, Provenance("g", "1", "1", "1")
    )
    final = merge(machine, _marks("2", criteria=SPEAKING_CRITERIA), _describe)
    assert (final.scored_by, final.result.score) == (ScoredBy.HUMAN, Decimal("2.0"))
    assert final.result.audio == audio


@given(st.lists(HALVES, min_size=4, max_size=4), st.lists(HALVES, min_size=4, max_size=4))
def test_the_final_score_lies_between_the_two(own: list[Decimal], given: list[Decimal]) -> None:
    machine, examiner = _machine(*map(str, own)), _marks(*map(str, given))
    final = merge(machine, examiner, _describe)
    if final.scored_by is ScoredBy.HUMAN:
        assert (final.result.score, final.result.exact_score) == (examiner.score, examiner.exact)
        return
    low, high = sorted((machine.exact_score, examiner.exact))
    assert low <= final.result.exact_score <= high
    assert abs(machine.score - examiner.score) <= Decimal("0.5")
    # The whole is the mean of the criteria before they are rounded.
    together = [Decimal("0.4") * m + Decimal("0.6") * e for m, e in zip(own, given, strict=True)]
    assert final.result.exact_score == sum(together) / 4
