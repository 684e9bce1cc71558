"""Whether the graders do what they must with answers of all sorts: the release gate."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from bench.cases import Case, CaseError, read_cases
from bench.speech_behaviour import outcome_of, speech_shortfalls, told
from bench.speech_cases import LIST, SpeechCase, read_speech_cases
from grading.domain.result import GradingResult
from grading.domain.review import ReviewMode, ReviewPolicy
from workers.speaking.embedded import EmbeddedSpeakingGrader
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
    parser.add_argument(
        "--cases", type=Path, default=_CASES, help="folder of case files, or of recordings"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and no table")
    arguments = parser.parse_args()
    try:
        read = _speech if (arguments.cases / LIST).is_file() else _writing
        trials = read(arguments.cases)
    except (CaseError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    count = 0
    failed: list[dict[str, str]] = []
    for trial in trials:
        count += 1
        if trial.short:
            failed.append({"id": trial.id, "why": "; ".join(trial.short)})
        if not arguments.json:
            print(trial.line())
    passed = count - len(failed)
    if arguments.json:
        print(json.dumps({"passed": passed, "failed": failed}))
    else:
        print(f"\n{passed} of {count} cases passed")
    return 1 if failed else 0


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one case."""

    id: str
    #: The outcome, in words.
    told: str
    #: What of the case it does not fulfil.
    short: list[str]

    def line(self) -> str:
        """For people to read."""
        line = f"{'FAILED' if self.short else 'passed'}  {self.id:<36} {self.told}"
        return "\n".join([line.rstrip(), *(f"        {why}" for why in self.short)])


def _writing(folder: Path) -> Iterator[Trial]:
    cases = read_cases(folder)
    grader = EmbeddedWritingGrader.load()

    def grade(case: Case) -> Trial:
        result = grader.grade(case.work, UnwatchedRun())
        return Trial(case.id, _told(result), shortfalls(case, result))

    return map(grade, cases)


def _speech(folder: Path) -> Iterator[Trial]:
    cases = read_speech_cases(folder)
    grader = EmbeddedSpeakingGrader.load()

    def grade(case: SpeechCase) -> Trial:
        outcome = outcome_of(grader, case.work)
        return Trial(case.id, told(outcome), speech_shortfalls(case, outcome, _POLICY))

    return map(grade, cases)


def _told(result: GradingResult) -> str:
    confidence = result.confidence.value if result.confidence else 0
    marks = ", ".join([*(cap.reason for cap in result.caps), *result.flags])
    return f"{result.score:>4}  confidence {confidence:>3}  {marks}"


if __name__ == "__main__":
    sys.exit(main())
