"""What must hold for any observations."""

from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from grading.domain.work import WritingTask
from grading.rubric.engine import judge, kinds_used
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation

RUBRIC = load_rubric("writing-1.0")
ERRORS = ("grammar_errors", "spelling_errors", "punctuation_errors", "word_choice_errors")
#: Every detail that a message may name.
DETAILS: dict[str, float | str] = {
    "count": 1, "what": "x", "percent": 1.0, "longest": 1, "kinds": 1, "names": "x", "word": "x",
    "missing": "x", "asked": 1, "weakest": "x",
}  # fmt: skip

values = st.fixed_dictionaries(
    {
        kind: st.floats(0, 400, allow_nan=False) | st.floats(0, 1, allow_nan=False)
        for kind in sorted(kinds_used(RUBRIC))
    }
)
tasks = st.sampled_from(list(WritingTask))


def _observe(measured: dict[str, float]) -> tuple[Observation, ...]:
    return tuple(Observation(kind, value, details=DETAILS) for kind, value in measured.items())


@given(values, tasks)
def test_scores_stay_on_the_scale(measured: dict[str, float], task: WritingTask) -> None:
    verdict = judge(RUBRIC, task, _observe(measured))
    for score in (verdict.score, *(item.score for item in verdict.criteria)):
        assert 0 <= score <= 10
        assert score % Decimal("0.5") == 0
    assert 0 <= verdict.exact_score <= 10


@given(values, tasks, st.sampled_from(ERRORS), st.floats(0, 50))
def test_more_errors_never_raise(
    measured: dict[str, float], task: WritingTask, kind: str, more: float
) -> None:
    fewer = judge(RUBRIC, task, _observe(measured))
    worse = judge(RUBRIC, task, _observe({**measured, kind: measured[kind] + more}))
    assert worse.exact_score <= fewer.exact_score


@given(values, tasks, st.floats(0, 1))
def test_more_coverage_never_lowers(
    measured: dict[str, float], task: WritingTask, more: float
) -> None:
    less = judge(RUBRIC, task, _observe(measured))
    covered = {**measured, "requirements_covered": measured["requirements_covered"] + more}
    assert judge(RUBRIC, task, _observe(covered)).exact_score >= less.exact_score


@given(values, tasks)
def test_caps_never_raise(measured: dict[str, float], task: WritingTask) -> None:
    verdict = judge(RUBRIC, task, _observe(measured))
    uncapped = sum((item.score * item.weight for item in verdict.criteria), Decimal(0))
    assert verdict.exact_score <= uncapped
    for cap in verdict.caps:
        assert verdict.score <= cap.limit


@given(values, tasks, st.randoms())
def test_the_order_of_observations_does_not_matter(
    measured: dict[str, float], task: WritingTask, random: Random
) -> None:
    observations = list(_observe(measured))
    first = judge(RUBRIC, task, observations)
    random.shuffle(observations)
    assert judge(RUBRIC, task, observations) == first
