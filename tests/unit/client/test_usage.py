"""Wrong usage of the ``vstep-grading`` command: one line that names the parameter, exit code 2."""

from pathlib import Path

import pytest

from client.cli import main
from tests.unit.client.conftest import Run


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({1: "/nowhere/essay.txt"}, "'ANSWER': can't read /nowhere/essay.txt"),
        ({3: "3"}, "'--task'"),
        ({5: "/nowhere/prompt.txt"}, "'--prompt-file': can't read /nowhere/prompt.txt"),
        ({7: "/nowhere/points.txt"}, "'--requirements-file'"),
        ({1: "-", 5: "-"}, "'--prompt-file': stdin"),
    ],
    ids=["essay", "task", "prompt", "requirements", "stdin"],
)
def test_wrong_usage_names_the_parameter(
    run: Run,
    work: list[str],
    change: dict[int, str],
    named: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for place, value in change.items():
        work[place] = value
    assert run(*work) == 2
    told = capsys.readouterr()
    assert named in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_a_file_that_is_no_text_is_wrong_usage(
    run: Run, work: list[str], essay: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    essay.write_bytes(b"ab\xff")
    assert run(*work) == 2
    assert "is not UTF-8 text (byte 2)" in capsys.readouterr().err


def test_an_argument_that_is_no_text_is_wrong_usage(
    run: Run, work: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*work, "--user", "a\udcff") == 2
    assert capsys.readouterr().err == "vstep-grading: an argument is not UTF-8 text\n"


@pytest.mark.parametrize("command", ["watch", "result", "cancel", "wait", "retry", "delete"])
def test_a_malformed_id_is_wrong_usage(
    run: Run, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, "nonsense") == 2
    assert "'JOB'" in capsys.readouterr().err


def test_help_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "submit" in capsys.readouterr().out
    assert main([]) == 2
