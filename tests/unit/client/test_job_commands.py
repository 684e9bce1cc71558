"""The commands that wait for a job, grade it again, or erase it."""

import io
import json

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.unit.client.conftest import Run
from tests.unit.client.scripted_server import JOB_ID, Refuse, ScriptedServer
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    JOB_STATE_GRADING,
    JOB_STATE_QUEUED,
    JOB_STATE_REVIEW_REQUIRED,
    Job,
    JobState,
)

Told = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    """A stdin with somebody at it."""

    def isatty(self) -> bool:
        return True


def waited(state: JobState.ValueType, *, ended: bool) -> service.WaitJobResponse:
    job = Job(id=JOB_ID, state=state, last_sequence=3)
    return service.WaitJobResponse(job=job, ended=ended)


@pytest.mark.parametrize(
    ("state", "code"),
    [(JOB_STATE_COMPLETED, 0), (JOB_STATE_REVIEW_REQUIRED, 0), (JOB_STATE_FAILED, 1)],
)
def test_wait_tells_how_the_job_ended(
    server: ScriptedServer, run: Run, capsys: Told, state: JobState.ValueType, code: int
) -> None:
    server.answers["WaitJob"] = [waited(state, ended=True)] * 2
    assert run("wait", JOB_ID) == code
    name = JobState.Name(state).removeprefix("JOB_STATE_")
    assert capsys.readouterr().out.startswith(f"job {JOB_ID}: {name.replace('_', ' ')}")
    assert server.requests[0].end_at_review
    assert run("wait", JOB_ID, "--json") == code
    assert json.loads(capsys.readouterr().out)["ended"] is True


def test_a_wait_that_is_over_is_a_failure(server: ScriptedServer, run: Run, capsys: Told) -> None:
    server.answers["WaitJob"] = [waited(JOB_STATE_GRADING, ended=False)] * 2
    late = f"vstep-grading: job {JOB_ID} had not ended in time; last event: 3\n"
    assert run("wait", JOB_ID, "--timeout", "0") == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", late)
    assert run("wait", JOB_ID, "--timeout", "0", "--json") == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["job"]["state"] == "JOB_STATE_GRADING"
    assert told.err == late


def test_retry_tells_the_new_job(server: ScriptedServer, run: Run, capsys: Told) -> None:
    job = Job(id="new", state=JOB_STATE_QUEUED, retry_of=JOB_ID)
    server.answers["RetryJob"] = [
        service.RetryJobResponse(job=job),
        service.RetryJobResponse(job=job, deduplicated=True),
    ]
    assert run("retry", JOB_ID) == 0
    assert capsys.readouterr().out.splitlines() == [
        "job new: QUEUED",
        f"to follow it: vstep-grading --address {server.address} watch new",
    ]
    assert run("retry", JOB_ID, "--request-id", JOB_ID, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["job"]["retry_of"], document["deduplicated"]) == (JOB_ID, True)
    assert server.requests[1].request_id == JOB_ID


def test_an_unanswered_retry_tells_how_to_repeat_it(
    server: ScriptedServer, run: Run, capsys: Told
) -> None:
    server.answers["RetryJob"] = [Refuse(grpc.StatusCode.UNAVAILABLE, "lost", retry_after=60)]
    assert run("retry", JOB_ID) == 1
    assert f"--request-id {server.requests[0].request_id}" in capsys.readouterr().err


def test_a_refused_retry_names_reason_and_state(
    server: ScriptedServer, run: Run, capsys: Told
) -> None:
    code, reason = grpc.StatusCode.FAILED_PRECONDITION, "ERROR_REASON_JOB_NOT_FAILED"
    metadata = {"state": "JOB_STATE_COMPLETED"}
    server.answers["RetryJob"] = [Refuse(code, "it did not fail", reason, metadata=metadata)]
    assert run("retry", JOB_ID) == 1
    assert capsys.readouterr().err == (
        f"vstep-grading: it did not fail ({reason}: state=JOB_STATE_COMPLETED)\n"
    )


def test_deletes_unasked(server: ScriptedServer, run: Run, capsys: Told) -> None:
    answer = service.DeleteJobResponse(delete_time=Timestamp(seconds=86400))
    server.answers["DeleteJob"] = [answer, answer]
    assert run("delete", JOB_ID, "--yes") == 0
    assert capsys.readouterr().out == f"job {JOB_ID}: erased 1970-01-02 00:00:00 UTC\n"
    assert run("delete", JOB_ID, "--yes", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"delete_time": "1970-01-02T00:00:00Z"}


def test_does_not_delete_where_nobody_can_be_asked(
    server: ScriptedServer, run: Run, capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert run("delete", JOB_ID) == 2
    assert "'--yes'" in capsys.readouterr().err
    assert server.requests == []


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_deletes_only_after_a_yes(
    server: ScriptedServer,
    run: Run,
    capsys: Told,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    code: int,
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    server.answers["DeleteJob"] = [service.DeleteJobResponse()]
    assert run("delete", JOB_ID, "--json") == code
    told = capsys.readouterr()
    assert "Erase job" in told.err
    assert len(server.requests) == (1 if code == 0 else 0)
    assert bool(told.out) == (code == 0)
