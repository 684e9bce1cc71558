"""``vstep-grading feed``: a line an event, and a cursor that is kept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
import typer

from client.cli import feed as command
from client.cli.cursor_file import CursorFile
from tests.unit.client.conftest import Run
from tests.unit.client.scripted_server import (
    JOB_ID,
    Refuse,
    ScriptedServer,
    Silence,
    fed,
    quiet,
)
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, SKILL_WRITING

Told = pytest.CaptureFixture[str]
LOST = Refuse(grpc.StatusCode.UNAVAILABLE, "lost")
#: Ends the command, as nothing else that the service sends does.
END = Refuse(grpc.StatusCode.INTERNAL, "fault", "ERROR_REASON_INTERNAL")


@pytest.fixture(autouse=True)
def reachable(server: ScriptedServer) -> None:
    server.answers["ListJobs"] = [service.ListJobsResponse()] * 2


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "cursor"


def opened(server: ScriptedServer) -> list[str]:
    return [
        request.cursor
        for request in server.requests
        if isinstance(request, service.WatchJobsRequest)
    ]


def test_writes_a_line_an_event(server: ScriptedServer, run: Run, capsys: Told) -> None:
    server.streams = [[fed("a"), LOST], [LOST], [fed("bb", JOB_STATE_COMPLETED), END]]
    assert run("feed") == 1
    told = capsys.readouterr()
    assert [line.split() for line in told.out.splitlines()] == [
        ["1970-01-01", "00:00:00", JOB_ID, "1", "0%", "GRADING", "Working"],
        ["1970-01-01", "00:00:00", JOB_ID, "2", "0%", "COMPLETED", "Working"],
    ]
    assert told.err.splitlines() == [
        "connection lost, trying again: lost",
        "vstep-grading: fault (ERROR_REASON_INTERNAL)",
    ]


def test_writes_json_with_the_cursor(server: ScriptedServer, run: Run, capsys: Told) -> None:
    server.streams = [[fed("a"), quiet("m"), fed("bb"), END]]
    assert run("feed", "--user", "u", "--skill", "writing", "--only-ends", "--json") == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"]["sequence"], line["cursor"]) for line in lines] == [
        ("1", "a"),
        ("2", "bb"),
    ]
    assert server.requests[-1] == service.WatchJobsRequest(
        user_id="u", skill=SKILL_WRITING, only_ends=True
    )


def test_a_restart_goes_on_where_it_was(server: ScriptedServer, run: Run, kept: Path) -> None:
    server.streams = [[fed("a"), fed("bb"), END], [quiet("m"), END], [END]]
    for _ in range(2):
        assert run("feed", "--cursor", str(kept)) == 1
    assert opened(server) == ["", "bb"]
    assert kept.read_text() == "m\n"
    assert list(kept.parent.iterdir()) == [kept]


def test_keeps_the_cursor_after_the_line_is_written(
    server: ScriptedServer, run: Run, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(line: str) -> None:
        if "  2  " in line:
            raise BrokenPipeError(0, "nobody reads")

    monkeypatch.setattr(command, "say", broken)
    server.streams = [[fed("a"), fed("bb"), END]]
    with pytest.raises(BrokenPipeError):
        run("feed", "--cursor", str(kept))
    assert kept.read_text() == "a\n"


def test_a_cursor_that_is_too_old_is_told_with_the_oldest(
    server: ScriptedServer, run: Run, kept: Path, capsys: Told
) -> None:
    kept.write_text("stale\n")
    reason, metadata = "ERROR_REASON_CURSOR_TOO_OLD", {"field": "cursor", "oldest_cursor": "old"}
    server.streams = [[Refuse(grpc.StatusCode.OUT_OF_RANGE, "purged", reason, metadata=metadata)]]
    assert run("feed", "--cursor", str(kept)) == 1
    assert capsys.readouterr().err == f"vstep-grading: purged ({reason}: oldest_cursor=old)\n"
    assert kept.read_text() == "stale\n"


def test_ctrl_c_ends_it_with_the_cursor_kept(
    server: ScriptedServer, run: Run, kept: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = CursorFile.write

    def interrupted(self: CursorFile, cursor: str) -> None:
        write(self, cursor)
        raise KeyboardInterrupt

    monkeypatch.setattr(CursorFile, "write", interrupted)
    server.streams = [[fed("a"), Silence()]]
    assert run("feed", "--cursor", str(kept)) == 130
    assert "stopped after the cursor in" in capsys.readouterr().err
    assert kept.read_text() == "a\n"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.mkdir(), "can't read"),
        (lambda path: path.write_text("two words"), "holds no cursor"),
        (lambda path: path.write_bytes(b"\xff"), "holds no cursor"),
        (lambda path: path.write_text("x" * 257), "holds no cursor"),
    ],
    ids=["folder", "words", "bytes", "long"],
)
def test_a_file_that_holds_no_cursor_is_wrong_usage(
    server: ScriptedServer,
    run: Run,
    kept: Path,
    capsys: Told,
    spoil: Callable[[Path], Any],
    told: str,
) -> None:
    spoil(kept)
    assert run("feed", "--cursor", str(kept)) == 2
    err = capsys.readouterr().err
    assert "'--cursor'" in err
    assert told in err
    assert server.requests == []


def test_half_a_cursor_never_takes_the_place_of_the_last(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = CursorFile(kept)
    file.write("whole")

    def full(self: Path, target: Path) -> Path:
        assert self.read_text() == "next\n"
        assert target.read_text() == "whole\n"
        raise OSError(28, "no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(typer.BadParameter, match="no space left"):
        file.write("next")
    assert file.read() == "whole"
    assert list(kept.parent.iterdir()) == [kept]


def test_a_cursor_that_can_not_be_kept_is_told(
    server: ScriptedServer, run: Run, kept: Path, capsys: Told
) -> None:
    server.streams = [[fed("a"), Silence()]]
    assert run("feed", "--cursor", str(kept / "nowhere")) == 2
    assert "'--cursor': can't write" in capsys.readouterr().err
