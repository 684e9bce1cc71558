"""What must hold for any observations, in every version of the rubric."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.criterion import Criterion
from grading.domain.work import WritingTask
from grading.rubric.curve import Direction
from grading.rubric.engine import Verdict, judge, kinds_used
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation
from grading.rubric.rubric import Rubric

RUBRICS = [load_rubric(version) for version in ("writing-1.0", "writing-2.0")]
ERRORS = (
    "grammar_errors", "verb_errors", "word_use_errors", "spelling_errors", "punctuation_errors",
    "word_choice_errors", "loose_phrases",
)  # fmt: skip
#: What earns more the more there is of it, and sets off no cap by being high.
MERITS = ("requirements_covered", "error_free_clauses", "uncommon_words", "relevance")
#: Every detail that a message may name.
DETAILS: dict[str, float | str] = {
    "count": 1, "what": "x", "percent": 1.0, "longest": 1, "kinds": 1, "names": "x", "word": "x",
    "missing": "x", "asked": 1, "weakest": "x", "to": "x",
}  # fmt: skip

KINDS = sorted(set().union(*(kinds_used(rubric) for rubric in RUBRICS)))


def _telling(kind: str) -> st.SearchStrategy[float]:
    """Values between the knots of the kind's curves, where points move."""
    knots = [
        value
        for rubric in RUBRICS
        for rule in rubric.rules
        if rule.kind == kind
        for value, _ in rule.curve.knots
    ]
    return st.floats(min(knots), max(knots)) if knots else st.floats(0, 400)


telling_values = st.fixed_dictionaries({kind: _telling(kind) for kind in KINDS})
values = telling_values | st.fixed_dictionaries(
    {kind: st.floats(0, 400) | st.floats(0, 1) for kind in KINDS}
)
rubrics = st.sampled_from(RUBRICS)
tasks = st.sampled_from(list(WritingTask))


def _observe(measured: dict[str, float]) -> tuple[Observation, ...]:
    return tuple(Observation(kind, value, details=DETAILS) for kind, value in measured.items())


@given(rubrics, values, tasks)
def test_scores_stay_on_the_scale(
    rubric: Rubric, measured: dict[str, float], task: WritingTask
) -> None:
    verdict = judge(rubric, task, _observe(measured))
    for score in (verdict.score, *(item.score for item in verdict.criteria)):
        assert 0 <= score <= 10
        assert score % Decimal("0.5") == 0
    assert 0 <= verdict.exact_score <= 10
    assert verdict.confidence is None or 0 <= verdict.confidence.value <= 100


def _no_criterion_rises(before: Verdict, after: Verdict) -> bool:
    pairs = zip(before.criteria, after.criteria, strict=True)
    return after.exact_score <= before.exact_score and all(
        later.score <= earlier.score for earlier, later in pairs
    )


@pytest.mark.parametrize("kind", ERRORS)
@given(rubrics, telling_values, tasks, st.floats(0, 8))
def test_more_errors_never_raise(
    kind: str, rubric: Rubric, measured: dict[str, float], task: WritingTask, more: float
) -> None:
    fewer = judge(rubric, task, _observe(measured))
    worse = judge(rubric, task, _observe({**measured, kind: measured[kind] + more}))
    assert _no_criterion_rises(fewer, worse)


@pytest.mark.parametrize("kind", MERITS)
@given(rubrics, telling_values, tasks, st.floats(0, 8))
def test_more_coverage_never_lowers(
    kind: str, rubric: Rubric, measured: dict[str, float], task: WritingTask, more: float
) -> None:
    less = judge(rubric, task, _observe(measured))
    covered = judge(rubric, task, _observe({**measured, kind: measured[kind] + more}))
    assert _no_criterion_rises(covered, less)


@given(rubrics, telling_values, tasks, st.data(), st.floats(0, 8))
def test_more_of_a_falling_kind_never_helps(
    rubric: Rubric, measured: dict[str, float], task: WritingTask, data: st.DataObject, more: float
) -> None:
    """In the criterion that its rule is of; another rule may read the same kind otherwise."""
    falling = {
        (rule.kind, rule.criterion)
        for rule in rubric.rules
        if task in rule.tasks
        and rule.curve.follows(Direction.FALLING)
        and not rule.curve.follows(Direction.RISING)
    }
    kind, criterion = data.draw(st.sampled_from(sorted(falling)))
    before = judge(rubric, task, _observe(measured))
    after = judge(rubric, task, _observe({**measured, kind: measured[kind] + more}))
    scores = [
        next(item.score for item in verdict.criteria if item.criterion is Criterion(criterion))
        for verdict in (before, after)
    ]
    assert scores[1] <= scores[0]


@given(rubrics, values, tasks)
def test_caps_never_raise(rubric: Rubric, measured: dict[str, float], task: WritingTask) -> None:
    verdict = judge(rubric, task, _observe(measured))
    uncapped = sum((item.score * item.weight for item in verdict.criteria), Decimal(0))
    assert verdict.exact_score <= uncapped
    for cap in verdict.caps:
        assert verdict.score <= cap.limit


@given(rubrics, values, tasks, st.randoms())
def test_the_order_of_observations_does_not_matter(
    rubric: Rubric, measured: dict[str, float], task: WritingTask, random: Random
) -> None:
    observations = list(_observe(measured))
    first = judge(rubric, task, observations)
    random.shuffle(observations)
    assert judge(rubric, task, observations) == first


@given(values, tasks, st.floats(0, 5))
def test_more_spread_of_the_scorers_never_raises_the_confidence(
    measured: dict[str, float], task: WritingTask, more: float
) -> None:
    rubric = RUBRICS[-1]
    close = judge(rubric, task, _observe(measured)).confidence
    apart = judge(
        rubric, task, _observe({**measured, "scorer_spread": measured["scorer_spread"] + more})
    ).confidence
    assert close is not None
    assert apart is not None
    assert apart.value <= close.value
