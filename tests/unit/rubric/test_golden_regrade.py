"""Stored observations, graded again by the version that graded them first, score the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from grading.domain.work import SpeakingPart, Unit, WritingTask
from grading.rubric.engine import Verdict, judge
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation
from grading.rubric.rubric import Scorer

GOLDEN = Path(__file__).parents[2] / "cases" / "golden"
FILES = sorted(GOLDEN.glob("*/*.json"))


def _told(verdict: Verdict) -> dict[str, Any]:
    confidence = verdict.confidence
    return {
        "score": str(verdict.score),
        "exact_score": str(verdict.exact_score),
        "band": verdict.band.value,
        "criteria": {
            item.criterion.value: {
                "score": str(item.score),
                "evidence": [[evidence.kind, evidence.points] for evidence in item.evidence],
            }
            for item in verdict.criteria
        },
        "caps": [[cap.reason.value, str(cap.limit), cap.message] for cap in verdict.caps],
        "flags": [flag.value for flag in verdict.flags],
        **({"absent": list(verdict.absent)} if verdict.absent else {}),
        "confidence": None
        if confidence is None
        else {
            "value": confidence.value,
            "factors": {item.factor.value: str(item.value) for item in confidence.factors},
        },
    }


def test_every_version_has_golden_grades() -> None:
    versions = GOLDEN.parents[2] / "grading" / "rubric" / "versions"
    shipped = {file.stem for file in versions.glob("*.yaml") if "feedback" not in file.stem}
    assert {file.parent.name for file in FILES} == shipped


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_version_grades_as_it_did(file: Path) -> None:
    stored = json.loads(file.read_text(encoding="utf-8"))
    observations = [
        Observation(item["kind"], item["value"], details=item["details"])
        for item in stored["observations"]
    ]
    scorers = frozenset(Scorer(name) for name in stored.get("scorers", [Scorer.FEATURES]))
    number = stored["task"]
    unit: Unit = (
        WritingTask(number) if file.parent.name.startswith("writing") else SpeakingPart(number)
    )
    verdict = judge(load_rubric(file.parent.name), unit, observations, scorers=scorers)
    assert _told(verdict) == stored["expected"]
