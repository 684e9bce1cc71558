"""Marks of recordings: read strictly, fitted by speaker, and never from words."""

import json
import random
from pathlib import Path

import pytest

from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.work import Prompt, SpeakingPart, SpeakingWork
from grading.rubric.calibration_file import read_calibration
from grading.rubric.engine import judge
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation
from workers.calibration import calibrate_speech as calibrating
from workers.calibration.calibrate import calibrate
from workers.calibration.marks import MarksError
from workers.calibration.report import report
from workers.calibration.speech_fitting import by_speaker, put_together, scores_of
from workers.calibration.speech_marks import is_speech, read_speech_marks
from workers.calibration.speech_measuring import MeasuredRecording, RecordingCache

RUBRIC = load_rubric("speaking-1.0")


def _table(folder: Path, *rows: str, head: str = "recording,part,pronunciation") -> Path:
    (folder / "a.ogg").write_bytes(b"a")
    file = folder / "marks.csv"
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return file


def _corpus(folder: Path, count: int = 60) -> Path:
    chance = random.Random(5)
    lines = []
    for at in range(count):
        (folder / f"{at}.flac").write_bytes(bytes([at]))
        mark = chance.randrange(11)
        lines.append(
            json.dumps(
                {
                    "file": f"{at}.flac",
                    "text": "A SENTENCE",
                    "speaker": f"s{at // 2}",
                    "sample": "natural" if at % 2 else "boosted",
                    **dict.fromkeys(("accuracy", "fluency", "prosodic", "total"), mark),
                }
            )
        )
    (folder / "scores.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def _measured(mark: float, at: int) -> MeasuredRecording:
    """Sound that tells the mark, and words that tell it better, which must not count."""
    noise = random.Random(at).gauss(0, 0.3)
    observations = (
        Observation("phone_misfit", 4 - 0.3 * (mark + noise), details={"sounds": "none"}),
        Observation("speech_rate", 80 + 15 * (mark + noise)),
        Observation("word_count", 5 + mark),
        Observation("distinct_ideas", mark),
        Observation("grammar_errors", 0.0),
    )
    return MeasuredRecording(observations, "a sentence", 4.0, 1.0, 1.5)


def test_a_table_of_recordings_is_read(tmp_path: Path) -> None:
    file = _table(
        tmp_path,
        "a.ogg,2,6.5,An,Talk about it,8",
        "a.ogg,3,,Binh,,",
        head="recording,part,pronunciation,speaker,prompt,overall",
    )
    assert is_speech(file)
    marks = read_speech_marks(file)
    [found] = marks.recordings
    assert found.work == SpeakingWork(SpeakingPart(2), tmp_path / "a.ogg", Prompt("Talk about it"))
    assert found.speaker == "An"
    assert marks.sheet.mark(found, None) == 8
    assert marks.sheet.mark(found, Criterion.PRONUNCIATION) == 6.5
    assert marks.sheet.mark(found, Criterion.FLUENCY) is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["b.ogg,1,5"], "row 1, column recording: there is no such file"),
        (["a.ogg,4,5"], "row 1, column part: must be 1, 2 or 3"),
        (["a.ogg,1,11"], "row 1, column pronunciation: '11' is no mark"),
        (["a.ogg,1"], "row 1: it has not as many cells"),
        (["a.ogg,1,"], "no recording with a mark"),
    ],
)
def test_a_wrong_table_is_refused(rows: list[str], told: str, tmp_path: Path) -> None:
    with pytest.raises(MarksError, match=told):
        read_speech_marks(_table(tmp_path, *rows))


def test_a_table_without_marks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarksError, match="no column holds marks"):
        read_speech_marks(_table(tmp_path, "a.ogg,1", head="recording,part"))


def test_essays_are_no_speech(tmp_path: Path) -> None:
    file = tmp_path / "marks.csv"
    file.write_text("full_text,overall\nText,5\n", encoding="utf-8")
    assert not is_speech(file)
    assert not is_speech(tmp_path / "missing.csv")
    assert is_speech(tmp_path)


def test_a_corpus_that_is_wrong_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarksError, match="can't read"):
        read_speech_marks(tmp_path)
    (tmp_path / "scores.jsonl").write_text('{"file": "a.flac"}\n', encoding="utf-8")
    with pytest.raises(MarksError, match="line 1: KeyError"):
        read_speech_marks(tmp_path)


def test_what_was_measured_is_kept(tmp_path: Path) -> None:
    marks = read_speech_marks(_corpus(tmp_path, 2))
    cache = RecordingCache(tmp_path / "cache")
    first, second = (item.work for item in marks.recordings)
    assert cache.get(first) is None
    cache.put(first, _measured(5.0, 1))
    assert cache.get(first) == _measured(5.0, 1)
    assert cache.get(second) is None


def test_other_speakers_teach_the_scores(tmp_path: Path) -> None:
    marks = read_speech_marks(_corpus(tmp_path))
    measured = [_measured(item.marks["accuracy"], at) for at, item in enumerate(marks.recordings)]
    heard = put_together(RUBRIC, marks, [*measured[:-1], None])
    assert len(heard) == len(measured) - 1
    scores = by_speaker(RUBRIC, marks.sheet, heard)
    assert scores is not None
    for item, given in zip(heard, scores, strict=True):
        assert float(given["pronunciation"]) == pytest.approx(
            item.answer.marks["accuracy"], abs=2.6
        )
        assert set(given) == {
            "overall", "pronunciation", "fluency", "grammar", "vocabulary", "discourse_management",
        }  # fmt: skip
    alone = scores_of(RUBRIC, heard[0], None)
    assert 0 <= alone["overall"] <= 10


def test_too_few_recordings_teach_nothing(tmp_path: Path) -> None:
    marks = read_speech_marks(_corpus(tmp_path, 10))
    measured = [_measured(item.marks["accuracy"], at) for at, item in enumerate(marks.recordings)]
    assert by_speaker(RUBRIC, marks.sheet, put_together(RUBRIC, marks, measured)) is None


def test_a_calibration_of_speech_reads_sound_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _corpus(tmp_path)
    marks = read_speech_marks(folder)
    measured = [_measured(item.marks["accuracy"], at) for at, item in enumerate(marks.recordings)]
    monkeypatch.setattr(calibrating, "measure_recordings", lambda *_: measured)
    content = calibrate(folder, "spring", None, None, lambda *_: None)
    calibration = read_calibration(json.dumps(content), "spring.json")
    assert calibration.rubric_version == "speaking-1.0"
    assert calibration.feature_version.startswith("speaking-")
    assert calibration.scale == MarkScale(0, 10, 1)
    assert set(calibration.tasks) == {1, 2, 3}
    part = calibration.tasks[1]
    assert part.overall is not None
    sources = {name for target in (*part.criteria.values(), part.overall) for name in target.curves}
    assert sources <= {"phone_misfit", "speech_rate", "rubric.pronunciation", "rubric.fluency"}
    verdict = judge(RUBRIC, SpeakingPart(1), measured[0].observations, calibration)
    kinds = {item.kind for score in verdict.criteria for item in score.evidence}
    assert "calibration" in kinds
    told = report(content)
    assert "Speaking: 60 recordings of 30 speakers" in told
    assert "calibrated, speakers not seen" in told


def test_a_calibration_without_pronunciation_moves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _corpus(tmp_path)
    marks = read_speech_marks(folder)
    measured = [_measured(item.marks["accuracy"], at) for at, item in enumerate(marks.recordings)]
    monkeypatch.setattr(calibrating, "measure_recordings", lambda *_: measured)
    content = calibrate(folder, "spring", None, None, lambda *_: None)
    calibration = read_calibration(json.dumps(content), "spring.json")
    deaf = [item for item in measured[0].observations if item.kind != "phone_misfit"]
    verdict = judge(RUBRIC, SpeakingPart(1), deaf, calibration)
    assert verdict.absent == (Criterion.PRONUNCIATION,)
