"""Which results a person has to look at."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.confidence import Confidence, ConfidenceFactor, FactorScore
from grading.domain.result import Flag, GradingResult
from grading.domain.review import ReviewMode, ReviewPolicy, ReviewPriority, ReviewReason, Routing
from tests.stack.scripted_grader import RESULT

JOB = UUID(int=1)
NEVER = ReviewPolicy(ReviewMode.ADVISORY, spot_check_rate=0.0)
ALWAYS = ReviewPolicy(ReviewMode.ADVISORY, spot_check_rate=1.0)


def _result(confidence: int | None, *flags: Flag) -> GradingResult:
    found = None if confidence is None else Confidence(confidence, ())
    return replace(RESULT, confidence=found, flags=flags)


@pytest.mark.parametrize(
    ("confidence", "priority", "audit"),
    [
        (100, None, False),
        (90, None, False),
        (89, None, True),
        (85, None, True),
        (84, ReviewPriority.MEDIUM, False),
        (70, ReviewPriority.MEDIUM, False),
        (69, ReviewPriority.HIGH, False),
        (50, ReviewPriority.HIGH, False),
        (49, ReviewPriority.CRITICAL, False),
        (0, ReviewPriority.CRITICAL, False),
        (None, ReviewPriority.CRITICAL, False),
    ],
)
def test_the_confidence_says_where_a_result_goes(
    confidence: int | None, priority: ReviewPriority | None, audit: bool
) -> None:
    routing = NEVER.route(_result(confidence), JOB)
    assert (routing.priority, routing.audit) == (priority, audit)
    expected = () if priority is None else (ReviewReason.LOW_CONFIDENCE,)
    assert routing.reasons == expected


@given(st.integers(0, 100))
def test_a_sign_of_fraud_is_critical_whatever_the_confidence(confidence: int) -> None:
    routing = NEVER.route(_result(confidence, Flag.INSTRUCTIONS_TO_GRADER), JOB)
    assert routing.priority is ReviewPriority.CRITICAL
    assert ReviewReason.FRAUD_SIGNAL in routing.reasons


def test_a_spot_check_takes_confident_results_only() -> None:
    assert ALWAYS.route(_result(95), JOB) == Routing(
        ReviewPriority.MEDIUM, (ReviewReason.SPOT_CHECK,)
    )
    assert ALWAYS.route(_result(86), JOB).audit
    assert ReviewReason.SPOT_CHECK not in ALWAYS.route(_result(84), JOB).reasons


def test_the_lot_is_drawn_by_the_job_and_comes_out_the_same() -> None:
    policy = ReviewPolicy(ReviewMode.ADVISORY, spot_check_rate=0.05)
    jobs = [uuid4() for _ in range(20_000)]
    chosen = [job for job in jobs if policy.route(_result(95), job).reasons]
    assert [job for job in jobs if policy.route(_result(95), job).reasons] == chosen
    # Binomial with a deviation of 31 jobs.
    assert 850 < len(chosen) < 1150


def test_only_a_required_review_holds_a_result_back() -> None:
    required = ReviewPolicy(ReviewMode.REQUIRED, spot_check_rate=0.0)
    low, high = (required.route(_result(confidence), JOB) for confidence in (60, 95))
    assert required.holds_back(low)
    assert not required.holds_back(high)
    assert not NEVER.holds_back(low)


factors = st.lists(
    st.builds(
        FactorScore,
        st.sampled_from(ConfidenceFactor),
        st.decimals(0, 100, places=1),
        st.decimals(1, 50, places=0),
    ),
    unique_by=lambda item: item.factor,
)


@given(factors)
def test_confidence_lies_among_its_factors(found: list[FactorScore]) -> None:
    confidence = Confidence.of(found)
    values = [item.value for item in found] or [Decimal(0)]
    assert min(values) - Decimal("0.5") <= confidence.value <= max(values) + Decimal("0.5")


def test_the_weight_of_what_is_missing_is_shared_out() -> None:
    originality = FactorScore(ConfidenceFactor.ORIGINALITY, Decimal(100), Decimal(25))
    rules = FactorScore(ConfidenceFactor.RULE_VALIDATION, Decimal(50), Decimal(25))
    shape = FactorScore(ConfidenceFactor.LENGTH_AND_SHAPE, Decimal(80), Decimal(20))
    assert Confidence.of([originality, rules, shape]).value == 76  # 5350 / 70
    assert Confidence.of([originality, rules]).value == 75
    assert Confidence.of([]) == Confidence(0, ())


@pytest.mark.parametrize(
    ("confidence", "priority"),
    [(95, ReviewPriority.HIGH), (60, ReviewPriority.HIGH), (40, ReviewPriority.CRITICAL)],
)
def test_scorers_that_disagree_are_looked_at_soon(
    confidence: int, priority: ReviewPriority
) -> None:
    routing = ALWAYS.route(_result(confidence, Flag.SCORERS_DISAGREE), JOB)
    assert routing.priority is priority
    assert routing.reasons[0] is ReviewReason.SCORERS_DISAGREE
    assert ReviewReason.SPOT_CHECK not in routing.reasons
