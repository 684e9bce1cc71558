"""Whether the grader does what it must with texts of all sorts: the release gate."""

import argparse
import json
import sys
from pathlib import Path
from uuid import UUID

from bench.cases import Case, CaseError, read_cases
from grading.domain.result import GradingResult
from grading.domain.review import ReviewMode, ReviewPolicy
from workers.unwatched_run import UnwatchedRun
from workers.writing.embedded import EmbeddedWritingGrader

_CASES = Path(__file__).parent.parent / "tests" / "cases" / "writing"
#: Without a lot, which would send any case to a review.
_POLICY = ReviewPolicy(ReviewMode.REQUIRED, spot_check_rate=0.0)
_JOB = UUID(int=0)


def shortfalls(case: Case, result: GradingResult) -> list[str]:
    """What of ``case`` the ``result`` does not fulfil, in words; empty where nothing."""
    score = float(result.score)
    reasons = {cap.reason for cap in result.caps}
    caps = ", ".join(sorted(reasons)) or "none"
    short: list[str] = []
    if case.cap is not None and score > case.cap:
        short.append(f"score {score:g} is over the cap of {case.cap:g}")
    if case.reasons and not case.reasons & reasons:
        wanted = " or ".join(sorted(case.reasons))
        short.append(f"the cap {wanted} is missing; caps: {caps}")
    if case.band_range is not None:
        if reasons:
            short.append(f"no cap may fire; caps: {caps}")
        if not case.band_range.holds(score):
            bounds = f"{case.band_range.lowest:g} to {case.band_range.highest:g}"
            short.append(f"score {score:g} lies outside {bounds}")
    return short + _flag_shortfalls(case, result) + _routing_shortfalls(case, result)


def _flag_shortfalls(case: Case, result: GradingResult) -> list[str]:
    if case.flags is None:
        return []
    raised = frozenset(result.flags)
    return [f"the flag {flag} is missing" for flag in sorted(case.flags - raised)] + [
        f"the flag {flag} is raised for nothing" for flag in sorted(raised - case.flags)
    ]


def _routing_shortfalls(case: Case, result: GradingResult) -> list[str]:
    confidence = result.confidence.value if result.confidence else 0
    short: list[str] = []
    if case.confidence_range is not None and not case.confidence_range.holds(confidence):
        bounds = f"{case.confidence_range.lowest:g} to {case.confidence_range.highest:g}"
        short.append(f"confidence {confidence} lies outside {bounds}")
    goes = _POLICY.holds_back(_POLICY.route(result, _JOB))
    if case.review is not None and goes is not case.review:
        way = "goes to" if goes else "does not go to"
        short.append(f"it {way} a review (confidence {confidence})")
    return short


def main() -> int:
    """Grade every case; 0 where all hold, 1 where one fails, 2 where one can't be read."""
    parser = argparse.ArgumentParser(prog="python -m bench.behaviour", description=__doc__)
    parser.add_argument("--cases", type=Path, default=_CASES, help="folder of case files")
    parser.add_argument("--json", action="store_true", help="print one JSON object and no table")
    arguments = parser.parse_args()
    try:
        cases = read_cases(arguments.cases)
    except (CaseError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    grader = EmbeddedWritingGrader.load()
    failed: list[dict[str, str]] = []
    for case in cases:
        result = grader.grade(case.work, UnwatchedRun())
        short = shortfalls(case, result)
        if short:
            failed.append({"id": case.id, "why": "; ".join(short)})
        if not arguments.json:
            print(_line(case, result, short))
    passed = len(cases) - len(failed)
    if arguments.json:
        print(json.dumps({"passed": passed, "failed": failed}))
    else:
        print(f"\n{passed} of {len(cases)} cases passed")
    return 1 if failed else 0


def _line(case: Case, result: GradingResult, short: list[str]) -> str:
    verdict = "passed" if not short else "FAILED"
    confidence = result.confidence.value if result.confidence else 0
    marks = ", ".join([*(cap.reason for cap in result.caps), *result.flags])
    line = f"{verdict}  {case.id:<36} {result.score:>4}  confidence {confidence:>3}  {marks}"
    return "\n".join([line.rstrip(), *(f"        {why}" for why in short)])


if __name__ == "__main__":
    sys.exit(main())
