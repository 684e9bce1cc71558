"""The benchmarks of speech: what the gate fails, and what the evaluation prints."""

import json
import random
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bench import agreement, behaviour, speech_agreement
from bench.cases import CaseError, Range
from bench.speech_behaviour import Outcome, speech_shortfalls
from bench.speech_cases import Expectation, SpeechCase, read_speech_cases
from grading.domain.audio import AudioProblem, AudioQuality, NotAssessableReason
from grading.domain.confidence import Confidence
from grading.domain.result import (
    Cap,
    CapReason,
    GradingResult,
    NotAssessable,
    Provenance,
)
from grading.domain.review import ReviewMode, ReviewPolicy
from grading.domain.score import Band
from grading.domain.work import Prompt, SpeakingPart, SpeakingWork
from grading.exceptions import AudioRefused
from grading.rubric.observation import Observation
from workers.calibration.speech_measuring import MeasuredRecording

POLICY = ReviewPolicy(ReviewMode.REQUIRED, spot_check_rate=0.0)
WORK = SpeakingWork(SpeakingPart(1), Path("a.ogg"), Prompt(""))
NOTHING = Expectation(False, frozenset(), None, None, False, None, None)
PROVENANCE = Provenance("g", "1", "r", "f")
RESULT = GradingResult(
    Decimal("6.0"), Decimal("6.125"), Band.B2, (), (), (), 160, PROVENANCE, Confidence(92, ())
)
CAPPED = replace(
    RESULT, score=Decimal("1.0"), caps=(Cap(CapReason.TOO_SHORT, Decimal("1.0"), "10"),)
)
SILENT = NotAssessable(
    NotAssessableReason.SILENCE, "Nothing.", AudioQuality(1, 0, -96, -96, 0), PROVENANCE
)
BROKEN = AudioRefused(AudioProblem.TRUNCATED, "It breaks off.")


@pytest.mark.parametrize(
    ("way", "outcome", "why"),
    [
        (replace(NOTHING, not_assessable=True), RESULT, "must be without a score"),
        (replace(NOTHING, graded=True), SILENT, "must not be without a score"),
        (replace(NOTHING, problems=frozenset({AudioProblem.EMPTY})), BROKEN, "refused as empty"),
        (replace(NOTHING, graded=True), BROKEN, "must be graded"),
        (replace(NOTHING, graded=True), CAPPED, "no cap may fire"),
        (replace(NOTHING, cap=4.0), RESULT, "over the cap of 4"),
        (replace(NOTHING, cap=4.0, reason=CapReason.NOT_ENGLISH), CAPPED, "not_english is missing"),
        (replace(NOTHING, score_range=Range(7, 8)), RESULT, "outside 7 to 8"),
        (replace(NOTHING, graded=True, review=True), RESULT, "does not go to a review"),
    ],
)
def test_a_shortfall_is_named(way: Expectation, outcome: Outcome, why: str) -> None:
    found = speech_shortfalls(SpeechCase("trial", WORK, (way,)), outcome, POLICY)
    assert any(why in text for text in found)


@pytest.mark.parametrize(
    ("way", "outcome"),
    [
        (replace(NOTHING, not_assessable=True), SILENT),
        (replace(NOTHING, problems=frozenset({AudioProblem.TRUNCATED})), BROKEN),
        (replace(NOTHING, cap=1.0, reason=CapReason.TOO_SHORT), CAPPED),
        (replace(NOTHING, graded=True, score_range=Range(5, 7), review=False), RESULT),
    ],
)
def test_what_is_fulfilled_has_none(way: Expectation, outcome: Outcome) -> None:
    other = replace(NOTHING, cap=0.0)
    assert speech_shortfalls(SpeechCase("trial", WORK, (other, way)), outcome, POLICY) == []


@pytest.mark.parametrize(
    "entry",
    [
        "- {id: a, file: a.ogg, part: 4, expect: {graded: true}}",
        "- {id: a, file: a.ogg, part: 1, expect: {grade: true}}",
        "- {id: a, file: a.ogg, part: 1, expect: {error: broken}}",
        "- {id: a, part: 1, expect: {graded: true}}",
        "[]",
        "a: [",
    ],
)
def test_a_wrong_list_is_refused(entry: str, tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text(entry, encoding="utf-8")
    with pytest.raises(CaseError):
        read_speech_cases(tmp_path)


def test_the_gate_takes_folders_of_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Deaf:
        @classmethod
        def load(cls) -> "Deaf":
            return cls()

        def grade(self, work: SpeakingWork, report: object) -> NotAssessable:
            del work, report
            return SILENT

    cases = "\n".join(
        [
            "- {id: silence, file: a.ogg, part: 1, expect: {not_assessable: true}}",
            "- {id: answer, file: b.ogg, part: 1, expect: {graded: true}}",
        ]
    )
    (tmp_path / "cases.yaml").write_text(cases, encoding="utf-8")
    monkeypatch.setattr(behaviour, "EmbeddedSpeakingGrader", Deaf)
    monkeypatch.setattr(sys, "argv", ["behaviour", "--cases", str(tmp_path), "--json"])
    assert behaviour.main() == 1
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] == 1
    assert [item["id"] for item in found["failed"]] == ["answer"]


def test_the_evaluation_prints_what_it_must(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(3)
    lines, measured = [], []
    for at in range(60):
        mark = chance.randrange(11)
        names = dict.fromkeys(("accuracy", "fluency", "prosodic", "total"), mark)
        sample = "natural" if at % 2 else "boosted"
        lines.append({"file": "a", "text": "GO HOME NOW", "speaker": at, "sample": sample, **names})
        observations = (
            Observation("phone_misfit", 4 - 0.3 * mark + chance.gauss(0, 0.2)),
            Observation("speech_rate", 80 + 15 * mark + chance.gauss(0, 10)),
        )
        measured.append(MeasuredRecording(observations, "go home", 4.0, 1.0, 1.5))
    (tmp_path / "scores.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    monkeypatch.setattr(speech_agreement, "measure_recordings", lambda *_: measured)
    monkeypatch.setattr(sys, "argv", ["agreement", "--speech", str(tmp_path), "--json"])
    agreement.main()
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["accuracy", "fluency", "prosodic", "total", "wer", "rtf"]
    for name in ("accuracy", "fluency", "prosodic", "total"):
        assert found[name]["n"] == 60
        assert found[name]["pearson"] > 0.9
        assert found[name]["pearson_natural"] > 0.9
    assert found["wer"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["rtf"] == 0.25


def test_a_folder_without_its_list_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["agreement", "--speech", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        agreement.main()
    assert ended.value.code == 2
    assert "scores.jsonl" in capsys.readouterr().err
