"""Whether the speaking grader does what it must with recordings of all sorts."""

from collections.abc import Iterator
from uuid import UUID

from bench.speech_cases import Expectation, SpeechCase
from grading.domain.result import CapReason, GradingResult, NotAssessable
from grading.domain.review import ReviewPolicy
from grading.domain.work import SpeakingWork
from grading.exceptions import AudioRefused
from workers.grader import SpeakingGrader
from workers.unwatched_run import UnwatchedRun

#: No lot is drawn for it.
_JOB = UUID(int=0)
#: How a case ended.
Outcome = GradingResult | NotAssessable | AudioRefused


def outcome_of(grader: SpeakingGrader, work: SpeakingWork) -> Outcome:
    """What comes of ``work``."""
    try:
        return grader.grade(work, UnwatchedRun())
    except AudioRefused as refused:
        return refused


def speech_shortfalls(case: SpeechCase, outcome: Outcome, policy: ReviewPolicy) -> list[str]:
    """What of ``case`` the ``outcome`` does not fulfil, in words; empty where one way holds."""
    found = [list(_shortfalls(way, outcome, policy)) for way in case.any_of]
    return min(found, key=len)


def _shortfalls(way: Expectation, outcome: Outcome, policy: ReviewPolicy) -> Iterator[str]:
    if way.not_assessable != isinstance(outcome, NotAssessable):
        yield f"it must {'' if way.not_assessable else 'not '}be without a score: {told(outcome)}"
    if way.problems and not (isinstance(outcome, AudioRefused) and outcome.problem in way.problems):
        yield f"it must be refused as {' or '.join(sorted(way.problems))}: {told(outcome)}"
    asks_for_a_score = way.graded or way.cap is not None or way.score_range is not None
    if not asks_for_a_score:
        return
    if not isinstance(outcome, GradingResult):
        yield f"it must be graded: {told(outcome)}"
        return
    score, reasons = float(outcome.score), {cap.reason for cap in outcome.caps}
    if way.cap is not None and score > way.cap:
        yield f"score {score:g} is over the cap of {way.cap:g}"
    if way.reason is not None and way.reason not in reasons:
        yield f"the cap {way.reason} is missing: {told(outcome)}"
    if way.graded and CapReason.TOO_SHORT in reasons:
        yield f"no cap may fire for its length: {told(outcome)}"
    if way.score_range is not None and not way.score_range.holds(score):
        bounds = f"{way.score_range.lowest:g} to {way.score_range.highest:g}"
        yield f"score {score:g} lies outside {bounds}"
    goes = policy.holds_back(policy.route(outcome, _JOB))
    if way.review is not None and goes is not way.review:
        yield f"it {'goes' if goes else 'does not go'} to a review"


def told(outcome: Outcome) -> str:
    """An outcome in a line."""
    match outcome:
        case AudioRefused():
            return f"refused as {outcome.problem}"
        case NotAssessable():
            return f"not assessable: {outcome.reason}"
    confidence = outcome.confidence.value if outcome.confidence else 0
    absent = [f"without {criterion}" for criterion in outcome.absent]
    marks: list[str] = [*(cap.reason for cap in outcome.caps), *outcome.flags, *absent]
    scores = " ".join(f"{item.criterion[:4]} {item.score}" for item in outcome.criteria)
    return f"{outcome.score} ({scores})  confidence {confidence}  {', '.join(marks)}".rstrip()
