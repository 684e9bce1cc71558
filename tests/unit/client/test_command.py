"""The ``vstep-grading`` command, from its arguments to what it writes and its exit code."""

import io
import json
from typing import Any

import grpc
import pytest

from client.cli import main
from client.client import GradingClient
from client.watch import Watch
from tests.unit.client.conftest import Run
from tests.unit.client.graded import RESULT
from tests.unit.client.scripted_server import (
    JOB_ID,
    Refuse,
    ScriptedServer,
    event,
    heartbeat,
    last,
)
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1.error_pb2 import ERROR_REASON_RETRIES_EXHAUSTED
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_CANCELLED,
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    JOB_STATE_QUEUED,
    JOB_STATE_REVIEW_REQUIRED,
    Job,
    JobError,
)
from vstep.grading.v1.result_pb2 import (
    FEEDBACK_LANGUAGE_UNSPECIFIED,
    FEEDBACK_LANGUAGE_VIETNAMESE,
)


def accepted() -> service.SubmitJobResponse:
    return service.SubmitJobResponse(job=Job(id=JOB_ID, state=JOB_STATE_QUEUED))


def stands(**fields: Any) -> service.GetJobResponse:
    return service.GetJobResponse(job=Job(id=JOB_ID, **fields))


def test_submits_what_the_files_hold(server: ScriptedServer, run: Run, work: list[str]) -> None:
    server.answers["SubmitJob"] = [accepted()]
    assert run(*work, "--requirement", "Zeroth", "--user", "u-1", "--attempt", "2") == 0
    request = server.requests[0]
    assert request.writing.text == "Two lines,\r\nunchanged.\n"
    assert request.writing.task == 2
    assert request.prompt.text == "Write an essay."
    assert list(request.prompt.requirements) == ["Zeroth", "First", "Second"]
    assert (request.user_id, request.attempt) == ("u-1", 2)
    assert request.submission_id == f"cli-{request.request_id}"
    assert request.feedback_language == FEEDBACK_LANGUAGE_UNSPECIFIED


def test_submits_the_wish_for_a_language(
    server: ScriptedServer, run: Run, work: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["SubmitJob"] = [accepted()]
    assert run(*work, "--feedback-language", "vi") == 0
    assert server.requests[0].feedback_language == FEEDBACK_LANGUAGE_VIETNAMESE
    assert run(*work, "--feedback-language", "fr") == 2
    assert "'fr'" in capsys.readouterr().err


def test_submits_stdin(
    server: ScriptedServer, run: Run, work: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("Xin chào".encode())))
    server.answers["SubmitJob"] = [accepted()]
    work[1] = "-"
    assert run(*work) == 0
    assert server.requests[0].writing.text == "Xin chào"


def test_submit_writes_one_document(
    server: ScriptedServer, run: Run, work: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["SubmitJob"] = [accepted()]
    assert run(*work, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["job"]["id"] == JOB_ID
    assert document["deduplicated"] is False


def test_submit_waits_for_the_result(
    server: ScriptedServer, run: Run, work: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = {
        "SubmitJob": [accepted()],
        "GetJob": [stands(state=JOB_STATE_COMPLETED)],
        "GetResult": [service.GetResultResponse(result=RESULT)],
    }
    lost = Refuse(grpc.StatusCode.UNAVAILABLE, "lost")
    server.streams = [[event(1), lost], [lost], [last(2)]]
    assert run(*work, "--watch", "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["score"] == 4.0
    assert "GRADING" in told.err
    assert told.err.count("connection lost after event 1") == 1


def test_an_unanswered_submission_tells_how_to_repeat_it(
    server: ScriptedServer, run: Run, work: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = Refuse(grpc.StatusCode.UNAVAILABLE, "lost", retry_after=60)
    server.answers["SubmitJob"] = [refusal]
    assert run(*work) == 1
    told = capsys.readouterr()
    assert f"--request-id {server.requests[0].request_id}" in told.err
    assert told.out == ""


def test_watch_writes_a_line_for_each_event(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["GetJob"] = [stands(), stands(state=JOB_STATE_COMPLETED)]
    server.streams = [[event(2), heartbeat(2), last(3)]]
    assert run("watch", JOB_ID, "--after", "1", "--json") == 0
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [line["sequence"] for line in lines] == ["2", "3"]
    assert told.err == ""
    assert server.cursors == [1]


def test_watch_of_a_failed_job_tells_why(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    error = JobError(reason=ERROR_REASON_RETRIES_EXHAUSTED, message="the worker was lost")
    server.answers["GetJob"] = [stands(), stands(state=JOB_STATE_FAILED, error=error)]
    server.streams = [[event(1, JOB_STATE_FAILED)]]
    assert run("watch", JOB_ID) == 1
    out = capsys.readouterr().out
    assert "FAILED, the worker was lost (ERROR_REASON_RETRIES_EXHAUSTED)" in out


def test_watch_ends_when_the_job_is_held_for_review(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["GetJob"] = [stands(), stands(state=JOB_STATE_REVIEW_REQUIRED)]
    server.streams = [[event(1, JOB_STATE_REVIEW_REQUIRED)]]
    assert run("watch", JOB_ID) == 0
    assert "REVIEW REQUIRED" in capsys.readouterr().out


def test_an_interrupted_watch_tells_how_to_resume(
    server: ScriptedServer,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(client: GradingClient, job_id: str, **options: Any) -> Watch:
        class Interrupted(Watch):
            def __iter__(self) -> Any:
                self.last_sequence = 4
                raise KeyboardInterrupt

        return Interrupted(client._stub, job_id)

    monkeypatch.setattr(GradingClient, "watch", interrupted)
    server.answers["GetJob"] = [stands()]
    assert run("watch", JOB_ID) == 130
    resume = f"vstep-grading --address {server.address} watch {JOB_ID} --after 4"
    assert resume in capsys.readouterr().err


def test_lists_up_to_a_limit(
    server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = [Job(id=f"job-{n}", user_id="u" * 60, state=JOB_STATE_FAILED) for n in range(3)]
    server.answers["ListJobs"] = [service.ListJobsResponse(jobs=jobs, next_page_token="t")] * 2
    assert run("list", "--state", "failed", "--state", "review_required", "--limit", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [["job-0", "FAILED"], ["job-1", "FAILED"]]
    assert list(server.requests[0].states) == [JOB_STATE_FAILED, JOB_STATE_REVIEW_REQUIRED]
    assert run("list", "--limit", "2", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [job["id"] for job in document["jobs"]] == ["job-0", "job-1"]


def test_cancels(server: ScriptedServer, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(id=JOB_ID, state=JOB_STATE_CANCELLED)
    server.answers["CancelJob"] = [service.CancelJobResponse(job=job)]
    assert run("cancel", JOB_ID) == 0
    assert capsys.readouterr().out == f"job {JOB_ID}: CANCELLED\n"


def test_a_refused_call_names_field_and_reason(
    server: ScriptedServer, run: Run, work: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["SubmitJob"] = [
        Refuse(
            grpc.StatusCode.INVALID_ARGUMENT,
            "prose",
            "ERROR_REASON_INVALID_FIELD",
            violations=(("writing.text", "must be at most 20000 characters"),),
        )
    ]
    assert run(*work, "--json") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "vstep-grading: writing.text: must be at most 20000 characters"
        " (ERROR_REASON_INVALID_FIELD)\n"
    )


def test_an_unreachable_service_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--address", "127.0.0.1:1", "--timeout", "0.3", "result", JOB_ID]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("vstep-grading: can't reach the service at 127.0.0.1:1: ")
    assert told.err.count("\n") == 1
