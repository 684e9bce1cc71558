"""Kept answers: whole, for their owner alone, and under what was asked."""

from decimal import Decimal
from pathlib import Path

import pytest

from grading.domain.usage import Usage
from grading.domain.work import Prompt, WritingTask, WritingWork
from grading.store.provider_answers import KeptAnswer
from workers.calibration.evidence_folder import EvidenceFolder

WORK = WritingWork(WritingTask.ESSAY, "An essay.", Prompt("Write.", ("Say why",)))
ANSWER = KeptAnswer("gpt-4.1-mini", '{"é": 1}', Usage(10, 5, 3), Decimal("0.00120"))


def test_an_answer_is_found_under_what_was_asked(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path / "kept", "evidence-1.0")
    assert folder.prompt_hashes() == ()
    folder.put(WORK, "evidence", "abc", ANSWER)
    assert folder.get(WORK, "evidence", "abc") == ANSWER
    assert folder.prompt_hashes() == ["abc"]
    letter = WritingWork(WritingTask.LETTER, WORK.text, WORK.prompt)
    for found in (
        folder.get(WORK, "second_evidence", "abc"),
        folder.get(WORK, "evidence", "def"),
        folder.get(letter, "evidence", "abc"),
        EvidenceFolder(tmp_path / "kept", "evidence-1.1").get(WORK, "evidence", "abc"),
    ):
        assert found is None
    folder.forget(WORK, "evidence", "abc")
    assert folder.get(WORK, "evidence", "abc") is None


def test_others_can_not_read_it(tmp_path: Path) -> None:
    EvidenceFolder(tmp_path, "evidence-1.0").put(WORK, "evidence", "abc", ANSWER)
    [file] = tmp_path.rglob("*.json")
    assert file.stat().st_mode & 0o077 == 0
    assert WORK.text not in file.read_text()


def test_half_an_answer_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = EvidenceFolder(tmp_path, "evidence-1.0")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        folder.put(WORK, "evidence", "abc", ANSWER)
    assert folder.get(WORK, "evidence", "abc") is None
    assert [item for item in tmp_path.rglob("*") if item.is_file()] == []
