"""How far a grader agrees with people's marks: ``python -m bench.agreement``.

The essays' columns are those of a file of marks (docs/calibration.md). Traits are compared
with the criterion that the table in ``workers/calibration/columns.py`` gives them, Overall with
the unit's score, caps included, as the product would give it.

Scores of 0 to 10 have no published map to another scale. Without a calibration they are
put on the marks' scale by a straight line that gives them the mean and the standard
deviation of the marks (rsmtool's "scaled" scores). It keeps the order and all the
correlations; the two numbers it takes from the marks make the difference of the means 0,
so that smd then says nothing. With a calibration, its own map is used, and nothing is
taken from the marks that are compared.

With ``--grader openai`` a model is asked for evidence as a worker asks it, and each scorer is
compared by itself, too.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import speech_agreement
from bench.agreement_scores import Observed, score_by_features, score_with_evidence
from bench.agreement_table import table
from bench.hearing import Heard, NothingHeard, hear
from bench.purse import Purse
from grading.domain.agreement import Agreement, count_pairs, measure_agreement
from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.exceptions import SettingsError
from grading.logs import configure_logs
from grading.provider_settings import ProviderSettings
from grading.rubric.calibration import Calibration
from grading.rubric.calibration_file import CalibrationError, load_calibration
from grading.rubric.engine import Verdict
from grading.settings import load_provider_settings
from workers.calibration.feature_cache import FeatureCache
from workers.calibration.intervals import bootstrap
from workers.calibration.marks import MarksError, MarkSheet, read_marks
from workers.calibration.measuring import measure_answers
from workers.calibration.moments import match_moments
from workers.writing import embedded, llm
from workers.writing.measure import FEATURE_VERSION

EMBEDDED, OPENAI = "embedded", "openai"
OVERALL = "overall"

#: Human marks and machine scores, both on the marks' scale, by the name of the measure.
Pairs = Mapping[str, tuple[list[float], list[float]]]


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


def document(pairs: Pairs, scale: MarkScale) -> dict[str, Any]:
    """How far pairs agree; ``overall`` is null where the unit has no marks."""
    measured = {name: _rounded(measure(*pair, scale)) for name, pair in pairs.items()}
    return {
        OVERALL: measured.pop(OVERALL, None),
        "traits": measured,
        "intervals": {name: _intervals(*pair, scale) for name, pair in pairs.items()},
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
    parser = _parser()
    given = parser.parse_args()
    openai = given.grader == OPENAI
    if not openai and not (given.max_cost is None and given.max_calls is None):
        parser.error("--max-cost and --max-calls are for --grader openai")
    try:
        if given.speech:
            speech_agreement.main(given.speech, given.calibration, given.cache, as_json=given.json)
            return
        settings = _settings(given) if openai else None
        sheet = read_marks(given.essays, limit=given.limit)
        calibration = _calibration(given.calibration, sheet.scale, openai=openai)
    except (MarksError, CalibrationError, SettingsError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    told: dict[str, Any] = {"grader": given.grader}
    evidence: Sequence[Observed | None] | None = None
    if settings is not None:
        heard = _hear(parser, given, sheet, settings)
        sheet, evidence, told = heard.sheet, heard.evidence, {**told, **heard.told}
    works = [answer.work for answer in sheet.answers]
    cache = FeatureCache(given.cache) if given.cache else None
    features = measure_answers(works, cache, _tell)
    if evidence is None:
        scores = score_by_features(works, features, calibration)
    else:
        scores = score_with_evidence(works, features, evidence, calibration)
        told["answers"]["disputed"] = scores.disputed
    pairs = pair_up(sheet, scores.verdicts, calibration)
    found = {
        **document(pairs, sheet.scale),
        "calibration": calibration.identity if calibration else None,
        **told,
        **{
            name: document(pair_up(sheet, verdicts, None), sheet.scale)
            for name, verdicts in scores.alone.items()
        },
    }
    print(table(found, sheet), file=sys.stderr if given.json else sys.stdout)
    if given.json:
        print(json.dumps(found), flush=True)
    if given.plot:
        # Imported here: only plots need matplotlib.
        from bench.agreement_plot import plot

        plot(pairs, sheet.scale, given.plot)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.agreement", description=__doc__.split("\n")[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--essays", type=Path, help="CSV, plain or .gz")
    source.add_argument("--speech", type=Path, help="a folder of recordings with marks")
    parser.add_argument(
        "--grader",
        choices=(EMBEDDED, OPENAI),
        default=EMBEDDED,
        help="openai: a model at OPENAI_BASE_URL gives evidence, by OPENAI_API_KEY",
    )
    parser.add_argument("--calibration", type=Path, help="a file of vstep-grading calibrate")
    parser.add_argument("--json", action="store_true", help="JSON to stdout, the table to stderr")
    parser.add_argument("--plot", type=Path, help="a PNG of scores against marks")
    parser.add_argument("--limit", type=_count, help="the first answers alone")
    parser.add_argument(
        "--cache", type=Path, help="a folder for what was measured, and for a model's evidence"
    )
    parser.add_argument(
        "--max-cost", type=_dollars, help="US dollars that calls of this start may cost"
    )
    parser.add_argument("--max-calls", type=_count, help="calls that this start may make")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a number of at least 0, not {text!r}")
    return int(text)


def _dollars(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise argparse.ArgumentTypeError(f"must be an amount such as 2.50, not {text!r}")
    return value


def _settings(given: argparse.Namespace) -> ProviderSettings:
    settings = load_provider_settings()
    if not settings.models:
        raise SettingsError("OPENAI_API_KEY: is not set, and --grader openai needs it")
    if given.max_cost is not None and settings.openai_model not in settings.openai_prices:
        raise SettingsError(
            f"OPENAI_PRICES: must hold the prices of {settings.openai_model}, since --max-cost"
            " is given"
        )
    return settings


def _hear(
    parser: argparse.ArgumentParser,
    given: argparse.Namespace,
    sheet: MarkSheet,
    settings: ProviderSettings,
) -> Heard:
    purse = Purse(given.max_cost, given.max_calls)
    with ExitStack() as open_folders:
        if given.cache is None:
            print("without --cache nothing is kept: another start pays again", file=sys.stderr)
        folder = given.cache or Path(open_folders.enter_context(TemporaryDirectory()))
        try:
            return hear(sheet, settings, folder, purse)
        except NothingHeard as error:
            parser.exit(1, f"{parser.prog}: {error}\n")
        except KeyboardInterrupt:
            goes_on = "the same command goes on from there" if given.cache else "nothing is kept"
            parser.exit(130, f"{parser.prog}: stopped; {goes_on}\n")


def _calibration(file: Path | None, scale: MarkScale, *, openai: bool) -> Calibration | None:
    if file is None:
        return None
    calibration = load_calibration(
        file,
        feature_version=llm.observed_version(FEATURE_VERSION) if openai else FEATURE_VERSION,
        rubric_version=llm.RUBRIC_VERSION if openai else embedded.RUBRIC_VERSION,
    )
    if calibration.scale != scale:
        raise CalibrationError(f"{file.name} was fitted to marks from {calibration.scale}")
    return calibration


if __name__ == "__main__":
    # Unless told otherwise, a library's log lines go to stdout, between the figures.
    configure_logs("warning")
    main()
