"""What ``vstep-grading result`` shows of a result."""

from typing import Any

import pytest

from tests.unit.client.conftest import Run
from tests.unit.client.graded import RESULT
from tests.unit.client.scripted_server import (
    JOB_ID,
    ScriptedServer,
    last,
)
from tests.unit.client.spoken import SILENT, SPOKEN
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_COMPLETED,
    REVIEW_PRIORITY_HIGH,
    REVIEW_REASON_FRAUD_SIGNAL,
    REVIEW_REASON_LOW_CONFIDENCE,
    Job,
)
from vstep.grading.v1.result_pb2 import (
    CRITERION_GRAMMAR,
    SCORED_BY_HUMAN,
    SCORED_BY_HYBRID,
    Feedback,
    Remark,
    Result,
    ScoredBy,
)


def stands(**fields: Any) -> service.GetJobResponse:
    return service.GetJobResponse(job=Job(id=JOB_ID, **fields))


@pytest.mark.parametrize(
    ("scored_by", "says"),
    [
        (SCORED_BY_HYBRID, "Scored by an examiner and the machine together"),
        (SCORED_BY_HUMAN, "Marked for audit: the machine's scores did not stand"),
    ],
)
def test_tells_whose_scores_they_are(
    server: ScriptedServer,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    scored_by: ScoredBy.ValueType,
    says: str,
) -> None:
    reviewed = Result(score=6, scored_by=scored_by, audit=scored_by == SCORED_BY_HUMAN)
    server.answers["GetResult"] = [service.GetResultResponse(result=reviewed)]
    server.answers["GetJob"] = [stands(state=JOB_STATE_COMPLETED)]
    assert run("result", JOB_ID) == 0
    told = capsys.readouterr().out
    assert "Scored by an examiner" in told
    assert says in told


def test_shows_a_result(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["GetResult"] = [service.GetResultResponse(result=RESULT)]
    server.answers["GetJob"] = [stands(state=JOB_STATE_COMPLETED)]
    assert run("result", JOB_ID) == 0
    out = "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())
    for part in (
        "Score 4.0 of 10   Band B1   90 words",
        "Held at 4.0 or lower, too short: 90 words, under 125.",
        "To be looked at: instructions to grader",
        "Simple sentences.",
        "- 0.70 Grammar slips are frequent (9 found).",
        "Confidence 87 of 100: scorer agreement 76, originality 100\n",
        "Marked for audit",
        "Điểm mạnh\n 1. Từ vựng  Em viết đúng chính tả.\n",
        "Cần cải thiện\n 1. Ngữ pháp  Thêm -s.\n",
        " “she have\N{REPLACEMENT CHARACTER}[2J”\n",
        "Viết lại cho hay hơn\n 1. “she have\N{REPLACEMENT CHARACTER}[2J”\n"
        " →  She has\N{REPLACEMENT CHARACTER}[2J a cough.\n    Chủ ngữ số ít.\n",
        "A practice estimate.",
        "embedded-writing 1.0",
        "Model model-a\N{REPLACEMENT CHARACTER}[2J gave evidence (prompt evidence-1.0, 00ff):"
        " 2400 tokens asked\n(1900 of them cached), 800 answered, $0.0015",
        "paid for by an earlier run",
        "Models together: $0.1015",
        "Done by the embedded tools alone: instructions_to_grader",
    ):
        assert part in out
    assert "examiner" not in out


def test_shows_feedback_in_english(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    remark = Remark(criterion=CRITERION_GRAMMAR, text="Check verb endings.")
    told = Result(job_id=JOB_ID, feedback=Feedback(to_work_on=[remark]))
    server.answers["GetResult"] = [service.GetResultResponse(result=told)]
    server.answers["GetJob"] = [stands(state=JOB_STATE_COMPLETED)]
    assert run("result", JOB_ID) == 0
    out = capsys.readouterr().out
    assert "To work on\n 1. Grammar  Check verb endings." in out
    assert "Strengths" not in out


def test_tells_that_an_examiner_should_look_and_why(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    job = stands(
        state=JOB_STATE_COMPLETED,
        review_priority=REVIEW_PRIORITY_HIGH,
        review_reasons=[REVIEW_REASON_FRAUD_SIGNAL, REVIEW_REASON_LOW_CONFIDENCE],
    )
    told = "xaminer should look at it, priority high: fraud signal, low confidence\n"
    server.answers["GetResult"] = [service.GetResultResponse(result=RESULT)]
    server.answers["GetJob"] = [job] * 3
    assert run("result", JOB_ID) == 0
    assert f"An e{told}" in capsys.readouterr().out
    server.streams = [[last(1)]]
    assert run("watch", JOB_ID) == 0
    assert f"an e{told}" in capsys.readouterr().out


def test_shows_a_result_of_a_version_that_told_less(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["GetResult"] = [service.GetResultResponse(result=Result(job_id=JOB_ID))]
    server.answers["GetJob"] = [stands(state=JOB_STATE_COMPLETED)]
    assert run("result", JOB_ID) == 0
    out = capsys.readouterr().out
    for word in ("Confidence", "audit", "Strengths", "To work on"):
        assert word not in out


def test_a_quote_can_not_steer_the_terminal(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["GetResult"] = [service.GetResultResponse(result=RESULT)]
    server.answers["GetJob"] = [stands(state=JOB_STATE_COMPLETED)]
    run("result", JOB_ID)
    out = capsys.readouterr().out
    assert "“he [red]go[/red]\N{REPLACEMENT CHARACTER}[2J”" in out
    assert "\x1b" not in out


def test_shows_when_things_are_heard_in_a_recording(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["GetResult"] = [service.GetResultResponse(result=SPOKEN)]
    server.answers["GetJob"] = [stands(state=JOB_STATE_COMPLETED)]
    assert run("result", JOB_ID) == 0
    out = "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())
    for part in (
        "Score 6.5 of 10   Band B2   4 words\n",
        "\nPronunciation       –",
        "Could not be measured.",
        "- 0.40 Long pauses.\n        1:01, 1:05 “the [b]the[/b]”\n",
        "1. Fluency  Pause less.\n    1:01\n",
        "1. 0:00 “I agree.”\n →  I couldn't agree more.\n    It says how much.\n",
        "What was heard  en, confidence 72%, by whisper-base 1.2\n"
        " 0:00 I agree.\N{REPLACEMENT CHARACTER}[2J\n"
        " 1:03 Towns grow.\n",
        "Recording: 30.2 s of speech in 64.5 s, level -20 dB,",
        " 32 dB over the noise, 1.23%",
        "Model whisper-1 gave transcription (transcription-1.0, 00ff):",
        "64.5 seconds of\nsound, $0.0065",
    ):
        assert part in out


def test_shows_that_there_was_nothing_to_grade(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["GetResult"] = [service.GetResultResponse(result=SILENT)]
    server.answers["GetJob"] = [stands(state=JOB_STATE_COMPLETED)]
    assert run("result", JOB_ID) == 0
    out = capsys.readouterr().out
    assert out.startswith("Not assessable: Nothing is heard in the recording.\n")
    assert "Recording: 0.0 s of speech in 12.0 s, level -91 dB\n" in out
    assert "Score" not in out
    assert "below B1" not in out
