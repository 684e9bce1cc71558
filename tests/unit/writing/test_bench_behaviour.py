"""The behaviour gate itself: what it fails, and what it can't read."""

import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bench.behaviour import main, shortfalls
from bench.cases import Case, CaseError, Range, read_case, read_cases
from grading.domain.confidence import Confidence
from grading.domain.result import Cap, CapReason, Flag, GradingResult, Provenance
from grading.domain.score import Band
from grading.domain.work import Prompt, WritingTask, WritingWork

WORK = WritingWork(WritingTask.ESSAY, "Text.", Prompt("Write."))
NOTHING = Case("trial", WORK, None, frozenset(), None, None, None, None)
RESULT = GradingResult(
    Decimal("6.0"), Decimal("6.125"), Band.B2, (), (), (), 260, Provenance("g", "1", "r", "f"),
    Confidence(92, ()),
)  # fmt: skip
CAPPED = replace(
    RESULT, score=Decimal("3.5"), caps=(Cap(CapReason.OFF_TOPIC, Decimal("3.5"), "0.1"),)
)
FLAGGED = replace(RESULT, flags=(Flag.INSTRUCTIONS_TO_GRADER,))
OFF = frozenset({CapReason.OFF_TOPIC})
SHORT = frozenset({CapReason.TOO_SHORT})
WANTED = frozenset({Flag.INSTRUCTIONS_TO_GRADER})


@pytest.mark.parametrize(
    ("case", "result", "why"),
    [
        (replace(NOTHING, cap=3.5), RESULT, "over the cap"),
        (
            replace(NOTHING, reasons=SHORT),
            CAPPED,
            "too_short is missing",
        ),
        (replace(NOTHING, band_range=Range(3, 4)), CAPPED, "no cap may fire"),
        (replace(NOTHING, band_range=Range(6.5, 8)), RESULT, "outside 6.5 to 8"),
        (replace(NOTHING, confidence_range=Range(95, 100)), RESULT, "confidence 92"),
        (replace(NOTHING, flags=WANTED), RESULT, "is missing"),
        (replace(NOTHING, flags=frozenset()), FLAGGED, "raised for nothing"),
        (replace(NOTHING, review=True), RESULT, "does not go to a review"),
        (replace(NOTHING, review=False), FLAGGED, "goes to a review"),
    ],
)
def test_a_shortfall_is_named(case: Case, result: GradingResult, why: str) -> None:
    [found] = shortfalls(case, result)
    assert why in found


def test_what_is_fulfilled_has_none() -> None:
    assert shortfalls(replace(NOTHING, cap=3.5, reasons=OFF), CAPPED) == []
    assert shortfalls(replace(NOTHING, band_range=Range(6, 8), review=False), RESULT) == []
    assert shortfalls(replace(NOTHING, flags=WANTED, review=True), FLAGGED) == []


def test_names_of_other_sets_are_mapped(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text(
        "---\nid: a\ntask: 2\nprompt: P\nrequirements: [R]\nexpect: {cap: 3.5, reason: "
        "copied_prompt}\nflags: [instruction_to_grader]\n---\n\nThe answer.\n",
        encoding="utf-8",
    )
    case = read_case(file)
    assert case.reasons == {CapReason.COPIED_FROM_PROMPT}
    assert case.flags == WANTED
    assert case.work.text == "The answer."


def test_files_without_front_matter_are_no_cases(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Cases\n", encoding="utf-8")
    with pytest.raises(CaseError, match="no cases"):
        read_cases(tmp_path)


def test_a_wrong_case_is_named_and_fails_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.md").write_text("---\nid: b\n---\nText\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["behaviour", "--cases", str(tmp_path)])
    assert main() == 2
    assert "b.md" in capsys.readouterr().err
