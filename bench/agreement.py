"""How far the embedded grader agrees with people's marks: ``python -m bench.agreement``.

The essays' columns are those of a file of marks (docs/calibration.md). Traits are compared
with the criterion that the table in ``workers/calibration/columns.py`` gives them, Overall with
the unit's score, caps included, as the product would give it.

Scores of 0 to 10 have no published map to another scale. Without a calibration they are
put on the marks' scale by a straight line that gives them the mean and the standard
deviation of the marks (rsmtool's "scaled" scores). It keeps the order and all the
correlations; the two numbers it takes from the marks make the difference of the means 0,
so that smd then says nothing. With a calibration, its own map is used, and nothing is
taken from the marks that are compared.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import speech_agreement
from bench.agreement_table import table
from grading.domain.agreement import Agreement, count_pairs, measure_agreement
from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.rubric.calibration import Calibration
from grading.rubric.calibration_file import CalibrationError, load_calibration
from grading.rubric.engine import Verdict, judge
from grading.rubric.load import load_rubric
from workers.calibration.feature_cache import FeatureCache
from workers.calibration.intervals import bootstrap
from workers.calibration.marks import MarksError, MarkSheet, read_marks
from workers.calibration.measuring import measure_answers
from workers.calibration.moments import match_moments
from workers.writing.embedded import RUBRIC_VERSION
from workers.writing.measure import FEATURE_VERSION

OVERALL = "overall"

#: Human marks and machine scores, both on the marks' scale, by the name of the measure.
Pairs = Mapping[str, tuple[list[float], list[float]]]


def grade_all(
    sheet: MarkSheet, cache: FeatureCache | None, calibration: Calibration | None
) -> list[Verdict]:
    """Grade every answer of ``sheet`` as the product would."""
    features = measure_answers([answer.work for answer in sheet.answers], cache, _tell)
    rubric = load_rubric(RUBRIC_VERSION)
    return [
        judge(rubric, answer.work.task, observations, calibration)
        for answer, observations in zip(sheet.answers, features, strict=True)
    ]


def pair_up(
    sheet: MarkSheet, verdicts: Sequence[Verdict], calibration: Calibration | None
) -> Pairs:
    """Every mark beside the score that answers it; the unit's under ``overall``."""
    pairs: dict[str, tuple[list[float], list[float]]] = {}
    for column, criterion in sheet.columns.items():
        human, scores = [], []
        for answer, verdict in zip(sheet.answers, verdicts, strict=True):
            if column in answer.marks:
                human.append(answer.marks[column])
                scores.append(_score(verdict, criterion))
        if calibration is None:
            machine = match_moments(scores, human)
        else:
            machine = [calibration.scale.from_ten(score) for score in scores]
        pairs[OVERALL if criterion is None else column] = (human, machine)
    return pairs


def _score(verdict: Verdict, criterion: Criterion | None) -> float:
    if criterion is None:
        return float(verdict.exact_score)
    return next(float(item.score) for item in verdict.criteria if item.criterion is criterion)


def document(pairs: Pairs, scale: MarkScale, calibration: Calibration | None) -> dict[str, Any]:
    """What ``--json`` prints; ``overall`` is null where the unit has no marks."""
    measured = {name: _rounded(measure(*pair, scale)) for name, pair in pairs.items()}
    return {
        OVERALL: measured.pop(OVERALL, None),
        "traits": measured,
        "intervals": {name: _intervals(*pair, scale) for name, pair in pairs.items()},
        "calibration": calibration.identity if calibration else None,
    }


def measure(human: list[float], machine: list[float], scale: MarkScale) -> Agreement:
    """Agreement of machine scores, on the marks' scale, with the marks."""
    return measure_agreement(count_pairs(human, machine), scale)


def _rounded(agreement: Agreement) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in asdict(agreement).items()
    }


def _intervals(human: list[float], machine: list[float], scale: MarkScale) -> dict[str, Any]:
    ends = bootstrap(human, machine, scale)
    return {name: [round(low, 4), round(high, 4)] for name, (low, high) in ends.items()}


def _tell(done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        print(f"measured {done} of {total}", file=sys.stderr, flush=True)


def main() -> None:
    """Grade, compare, print."""
    parser = argparse.ArgumentParser(prog="bench.agreement", description=__doc__.split("\n")[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--essays", type=Path, help="CSV, plain or .gz")
    source.add_argument("--speech", type=Path, help="a folder of recordings with marks")
    parser.add_argument("--calibration", type=Path, help="a file of vstep-grading calibrate")
    parser.add_argument("--json", action="store_true", help="JSON to stdout, the table to stderr")
    parser.add_argument("--plot", type=Path, help="a PNG of scores against marks")
    parser.add_argument("--limit", type=int, help="the first answers alone")
    parser.add_argument("--cache", type=Path, help="a folder for what was measured")
    given = parser.parse_args()
    try:
        if given.speech:
            speech_agreement.main(given.speech, given.calibration, given.cache, as_json=given.json)
            return
        sheet = read_marks(given.essays, limit=given.limit)
        calibration = _calibration(given.calibration, sheet.scale)
    except (MarksError, CalibrationError) as error:
        parser.error(str(error))
    cache = FeatureCache(given.cache) if given.cache else None
    pairs = pair_up(sheet, grade_all(sheet, cache, calibration), calibration)
    found = document(pairs, sheet.scale, calibration)
    print(table(found, sheet), file=sys.stderr if given.json else sys.stdout)
    if given.json:
        print(json.dumps(found), flush=True)
    if given.plot:
        # Imported here: only plots need matplotlib.
        from bench.agreement_plot import plot

        plot(pairs, sheet.scale, given.plot)


def _calibration(file: Path | None, scale: MarkScale) -> Calibration | None:
    if file is None:
        return None
    calibration = load_calibration(
        file, feature_version=FEATURE_VERSION, rubric_version=RUBRIC_VERSION
    )
    if calibration.scale != scale:
        raise CalibrationError(f"{file.name} was fitted to marks from {calibration.scale}")
    return calibration


if __name__ == "__main__":
    main()
