"""``vstep-grading submit-batch``: from files or JSON Lines to an outcome line each."""

import io
import json
from pathlib import Path

import grpc
import pytest

from tests.unit.client.conftest import Run
from tests.unit.client.scripted_server import JOB_ID, Refuse, ScriptedServer
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1.error_pb2 import ERROR_REASON_ATTEMPT_EXISTS, ERROR_REASON_INVALID_FIELD
from vstep.grading.v1.job_pb2 import JOB_STATE_QUEUED, Job
from vstep.grading.v1.result_pb2 import (
    FEEDBACK_LANGUAGE_ENGLISH,
    FEEDBACK_LANGUAGE_UNSPECIFIED,
    FEEDBACK_LANGUAGE_VIETNAMESE,
)

Told = pytest.CaptureFixture[str]

ACCEPTED = service.BatchSubmitOutcome(
    accepted=service.SubmitJobResponse(job=Job(id=JOB_ID, state=JOB_STATE_QUEUED))
)
KNOWN = service.BatchSubmitOutcome(
    accepted=service.SubmitJobResponse(
        job=Job(id=JOB_ID, state=JOB_STATE_QUEUED), deduplicated=True
    )
)
INVALID = service.BatchSubmitOutcome(
    refusal=service.Refusal(
        reason=ERROR_REASON_INVALID_FIELD,
        message="prose",
        metadata={"field": "writing.text"},
        violations={"writing.text": "must not be empty"},
    )
)
EXISTS = service.BatchSubmitOutcome(
    refusal=service.Refusal(
        reason=ERROR_REASON_ATTEMPT_EXISTS, message="exists", metadata={"job_id": "x"}
    )
)


def answer(*outcomes: service.BatchSubmitOutcome) -> service.BatchSubmitJobsResponse:
    return service.BatchSubmitJobsResponse(outcomes=outcomes)


@pytest.fixture
def batch(work: list[str], tmp_path: Path) -> list[str]:
    """The command with two essays."""
    other = tmp_path / "other.txt"
    other.write_text("Another.")
    return ["submit-batch", work[1], str(other), *work[2:]]


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "work.jsonl"
    full = {
        "request_id": "mine",
        "submission_id": "s",
        "attempt": 2,
        "user_id": "u",
        "writing": {"task": "WRITING_TASK_LETTER", "text": "One\u2028line."},
    }
    path.write_text(json.dumps(full, ensure_ascii=False) + "\n\n" + '{"prompt": {"text": "?"}}\n')
    return path


def test_submits_each_file(
    server: ScriptedServer, run: Run, batch: list[str], capsys: Told
) -> None:
    server.answers["BatchSubmitJobs"] = [answer(ACCEPTED, KNOWN)]
    assert run(*batch, "--user", "u-1") == 0
    first, second = server.requests[0].requests
    assert (first.writing.text, second.writing.text) == ("Two lines,\r\nunchanged.\n", "Another.")
    assert list(second.prompt.requirements) == ["First", "Second"]
    assert (second.writing.task, second.user_id, second.attempt) == (2, "u-1", 1)
    assert second.feedback_language == FEEDBACK_LANGUAGE_UNSPECIFIED
    assert first.request_id != second.request_id
    assert second.submission_id == f"cli-{second.request_id}"
    assert capsys.readouterr().out.splitlines() == [
        f"{batch[1]}: job {JOB_ID}: QUEUED",
        f"{batch[2]}: job {JOB_ID}: QUEUED, submitted before",
    ]


def test_the_language_is_for_those_that_name_none(
    server: ScriptedServer, run: Run, batch: list[str], tmp_path: Path
) -> None:
    server.answers["BatchSubmitJobs"] = [answer(ACCEPTED, ACCEPTED)] * 2
    assert run(*batch, "--feedback-language", "vi") == 0
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text('{"feedback_language": "FEEDBACK_LANGUAGE_ENGLISH"}\n{}\n')
    assert run("submit-batch", "--jsonl", str(mixed), "--feedback-language", "vi") == 0
    languages = [item.feedback_language for sent in server.requests for item in sent.requests]
    assert languages == [
        FEEDBACK_LANGUAGE_VIETNAMESE,
        FEEDBACK_LANGUAGE_VIETNAMESE,
        FEEDBACK_LANGUAGE_ENGLISH,
        FEEDBACK_LANGUAGE_VIETNAMESE,
    ]


def test_a_refused_item_is_a_failure(
    server: ScriptedServer, run: Run, batch: list[str], capsys: Told
) -> None:
    server.answers["BatchSubmitJobs"] = [answer(INVALID, ACCEPTED), answer(ACCEPTED, EXISTS)]
    invalid = "writing.text: must not be empty (ERROR_REASON_INVALID_FIELD)"
    exists = "exists (ERROR_REASON_ATTEMPT_EXISTS: job_id=x)"
    assert run(*batch) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{batch[1]}: refused: {invalid}",
        f"{batch[2]}: job {JOB_ID}: QUEUED",
    ]
    assert run(*batch) == 1
    assert f"refused: {exists}\n" in capsys.readouterr().out


def test_writes_a_document_a_line(
    server: ScriptedServer, run: Run, batch: list[str], capsys: Told
) -> None:
    server.answers["BatchSubmitJobs"] = [answer(ACCEPTED, INVALID)]
    assert run(*batch, "--json") == 1
    told = capsys.readouterr()
    first, second = (json.loads(line) for line in told.out.splitlines())
    assert first["accepted"]["job"]["id"] == JOB_ID
    assert second["refusal"]["reason"] == "ERROR_REASON_INVALID_FIELD"
    assert told.err == ""


def test_submits_json_lines_and_fills_in_what_they_lack(
    server: ScriptedServer, run: Run, lines: Path, capsys: Told
) -> None:
    server.answers["BatchSubmitJobs"] = [answer(ACCEPTED, ACCEPTED)]
    assert run("submit-batch", "--jsonl", str(lines), "--user", "u-2") == 0
    full, bare = server.requests[0].requests
    assert (full.request_id, full.submission_id) == ("mine", "s")
    assert (full.attempt, full.user_id) == (2, "u")
    assert full.writing.text == "One\u2028line."
    assert (bare.attempt, bare.user_id, bare.prompt.text) == (1, "u-2", "?")
    assert bare.submission_id == f"cli-{bare.request_id}"
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "line 1",
        "line 3",
    ]


def test_submits_json_lines_from_stdin_in_batches(
    server: ScriptedServer, run: Run, capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{}\n" * 1001)))
    server.answers["BatchSubmitJobs"] = [answer(*[ACCEPTED] * 1000), answer(INVALID)]
    assert run("submit-batch", "--jsonl", "-") == 1
    assert [len(request.requests) for request in server.requests] == [1000, 1]
    assert capsys.readouterr().out.splitlines()[-1].startswith("line 1001: refused")


def test_the_same_batch_id_makes_the_same_request_ids(
    server: ScriptedServer, run: Run, batch: list[str], capsys: Told
) -> None:
    lost = Refuse(grpc.StatusCode.UNAVAILABLE, "lost", retry_after=60)
    server.answers["BatchSubmitJobs"] = [lost, answer(KNOWN, KNOWN)]
    assert run(*batch) == 1
    told = capsys.readouterr()
    assert told.out == ""
    repeat = told.err.splitlines()[0].split()[-2:]
    assert repeat[0] == "--batch-id"
    assert run(*batch, *repeat) == 0
    assert server.requests[0] == server.requests[1]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "'ESSAY'"),
        (["a.txt"], "'--task'"),
        (["a.txt", "--task", "2"], "'--prompt-file'"),
        (["-", "--task", "2", "--prompt-file", "-"], "stdin can be read once"),
        (["a.txt", "--jsonl", "b"], "'--jsonl'"),
        (["--jsonl", "b", "--task", "1"], "'--jsonl'"),
        (["--jsonl", "/nowhere"], "'--jsonl': can't read"),
    ],
)
def test_wrong_usage_names_the_parameter(
    run: Run, arguments: list[str], named: str, capsys: Told
) -> None:
    assert run("submit-batch", *arguments) == 2
    told = capsys.readouterr()
    assert named in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("line", ["no json", '{"essay": 1}', "[]", '{"user_id": "\\ud800"}'])
def test_nothing_is_submitted_where_a_line_is_wrong(
    server: ScriptedServer, run: Run, tmp_path: Path, capsys: Told, line: str
) -> None:
    path = tmp_path / "work.jsonl"
    path.write_text("{}\n" + line + "\n")
    assert run("submit-batch", "--jsonl", str(path)) == 2
    assert "line 2 is no SubmitJobRequest" in capsys.readouterr().err
    assert server.requests == []
