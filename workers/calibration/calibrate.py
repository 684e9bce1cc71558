"""From a file of marks to a calibration file: what ``vstep-grading calibrate`` does."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from grading.domain.mark_scale import MarkScale
from grading.domain.work import WritingTask
from workers.calibration.assembly import document
from workers.calibration.calibrate_speech import calibrate_speech
from workers.calibration.evidence_folder import EvidenceFolder
from workers.calibration.feature_cache import FeatureCache, Features
from workers.calibration.fitting import FEWEST_ANSWERS, fit_task
from workers.calibration.kept_evidence import KeptEvidence, read_evidence
from workers.calibration.marks import MarksError, MarkSheet, read_marks
from workers.calibration.measuring import Tell, measure_answers
from workers.calibration.speech_marks import is_speech
from workers.calibration.validation import Agreements, cross_validated, uncalibrated
from workers.calibration.ways import Way, by_both, by_evidence, by_features
from workers.writing.llm import PROMPT_VERSION

#: The parts of the agreement that a file tells of, in the order of a report.
COMPARED = ("uncalibrated", "cross_validated", "cross_validated_by_prompt")
#: What else it tells where there is evidence: the same parts for one scorer by itself.
FEATURES, EVIDENCE = "features", "evidence"


def calibrate(
    marks: Path,
    name: str,
    scale: MarkScale | None,
    cache: Path | None,
    tell: Tell,
    evidence: Path | None = None,
) -> dict[str, Any]:
    """Fit a calibration to the file ``marks``; gives the content of a calibration file.

    With a folder of kept ``evidence`` it is for workers that hear a model, and fitted to the
    answers that a model was asked about. Marks of recordings make one of
    speaking, for which there is no evidence to be had.

    Raises:
        MarksError: the file is wrong, or holds too few marks, or evidence on too few of them.
    """
    if is_speech(marks):
        return calibrate_speech(marks, name, scale, cache, tell)
    sheet = read_marks(marks, scale)
    if evidence is None:
        way = by_features(sheet.answers, _measure(sheet, cache, tell))
        return _fitted(name, marks, sheet, way, {}, {})
    kept = _evidence(sheet, evidence)
    heard = replace(sheet, answers=tuple(sheet.answers[at] for at in kept.observed))
    seen = tuple(kept.observed.values())
    features = _measure(heard, cache, tell)
    beside = {
        FEATURES: by_features(heard.answers, features),
        EVIDENCE: by_evidence(heard.answers, seen),
    }
    told = {
        task: {
            "evidence": {
                "model": kept.model,
                "prompt_version": PROMPT_VERSION,
                "prompt_hash": kept.prompt_hash,
                "answers": _number(heard, task),
                "of": _number(sheet, task),
            }
        }
        for task in WritingTask
    }
    return _fitted(name, marks, heard, by_both(heard.answers, features, seen), beside, told)


def write_calibration(content: Mapping[str, Any], out: Path) -> None:
    """Write a calibration file.

    Raises:
        OSError: it can't be written.
    """
    out.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _measure(sheet: MarkSheet, cache: Path | None, tell: Tell) -> list[Features]:
    works = [answer.work for answer in sheet.answers]
    return measure_answers(works, FeatureCache(cache) if cache else None, tell)


def _evidence(sheet: MarkSheet, folder: Path) -> KeptEvidence:
    works = [answer.work for answer in sheet.answers]
    kept = read_evidence(EvidenceFolder(folder, PROMPT_VERSION), works)
    tasks = [works[at].task for at in kept.observed] if kept else []
    if kept is None or all(tasks.count(task) < FEWEST_ANSWERS for task in WritingTask):
        raise MarksError(
            f"{folder} holds evidence under {PROMPT_VERSION} on {len(tasks)} of {len(works)}"
            f" answers: {FEWEST_ANSWERS} answers to one task are the least"
        )
    return kept


def _number(sheet: MarkSheet, task: WritingTask) -> int:
    return sum(answer.work.task is task for answer in sheet.answers)


def _fitted(
    name: str,
    marks: Path,
    sheet: MarkSheet,
    way: Way,
    beside: Mapping[str, Way],
    told: Mapping[WritingTask, Mapping[str, Any]],
) -> dict[str, Any]:
    targets: dict[WritingTask, dict[str, Any]] = {}
    facts: dict[WritingTask, dict[str, Any]] = {}
    for task in WritingTask:
        fitted = fit_task(way.rubric, sheet, task, way.of_task(task))
        if fitted:
            targets[task] = fitted
            facts[task] = {**_facts(sheet, task, way, beside), **told.get(task, {})}
    if not targets:
        raise MarksError(
            f"{marks} holds too few marks: {FEWEST_ANSWERS} answers to one task are the least"
        )
    return document(name, way.rubric.version, sheet.scale, targets, facts, way.feature_version)


def _facts(
    sheet: MarkSheet, task: WritingTask, way: Way, beside: Mapping[str, Way]
) -> dict[str, Any]:
    measured = way.of_task(task)
    return {
        "answers": len(measured),
        "prompts": len({item.answer.work.prompt.text for item in measured}),
        "agreement": {
            **_agreement(sheet, task, way),
            **{name: _agreement(sheet, task, other) for name, other in beside.items()},
        },
    }


def _agreement(sheet: MarkSheet, task: WritingTask, way: Way) -> dict[str, Any]:
    rubric, measured, scorers = way.rubric, way.of_task(task), way.scorers
    compared = (
        uncalibrated(rubric, sheet, task, measured, scorers),
        cross_validated(rubric, sheet, task, measured, scorers, by_prompt=False),
        cross_validated(rubric, sheet, task, measured, scorers, by_prompt=True),
    )
    return {
        what: {target: _rounded(found) for target, found in agreements.items()}
        for what, agreements in zip(COMPARED, map(_by_target, compared), strict=True)
    }


def _by_target(agreements: Agreements) -> Mapping[str, Mapping[str, float | int | None]]:
    return {target: asdict(agreement) for target, agreement in agreements.items()}


def _rounded(values: Mapping[str, float | int | None]) -> dict[str, float | int | None]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in values.items()
    }
