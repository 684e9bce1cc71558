"""The ``vstep-grading`` command against the service: a batch, the feed, a retry, an erasure."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE, Popen, run
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.json_format import MessageToJson

from tests.stack.door import Door
from tests.stack.submissions import submission


class Command:
    """Runs the command as a process of its own."""

    def __init__(self, address: str) -> None:
        self._words = [
            sys.executable, "-c", "import sys; from client.cli import main; sys.exit(main())",
            "--address", address,
        ]  # fmt: skip

    def run(self, *arguments: str) -> tuple[int, list[Any], str]:
        """Run it to its end with ``--json``: exit code, documents, what stderr holds."""
        ended = run(
            [*self._words, *arguments, "--json"], capture_output=True, text=True, timeout=60
        )
        lines = ended.stdout.splitlines()
        # One document over many lines, or one on each.
        whole = ended.stdout if lines and lines[0] == "{" else f"[{','.join(lines)}]"
        found = json.loads(whole)
        return ended.returncode, found if isinstance(found, list) else [found], ended.stderr

    def start(self, *arguments: str) -> "Popen[str]":
        """Start it; the caller ends it."""
        return Popen([*self._words, *arguments, "--json"], stdout=PIPE, stderr=PIPE, text=True)


@pytest.fixture
def command(door: Door) -> Command:
    return Command(door.address)


def _feed_until_ended(
    command: Command, jobs: Sequence[str], *arguments: str
) -> list[tuple[str, int]]:
    """Read a feed until it told of the end of ``jobs``; kill it then, as a crash would."""
    feed = command.start("feed", *arguments)
    assert feed.stdout is not None
    found: list[tuple[str, int]] = []
    try:
        while not {(job, 5) for job in jobs} <= set(found):
            line = feed.stdout.readline()
            assert line, feed.communicate()[1]
            event = json.loads(line)["event"]
            found.append((event["job_id"], int(event["sequence"])))
    finally:
        feed.kill()
        feed.communicate()
    return found


def test_a_batch_is_followed_over_a_crash_of_the_feed(command: Command, tmp_path: Path) -> None:
    user = f"learner-{uuid4()}"
    work, cursor = tmp_path / "work.jsonl", tmp_path / "cursor"
    feed = ("--cursor", str(cursor), "--user", user)

    def submit(*requests: Any) -> tuple[int, list[Any]]:
        lines = (MessageToJson(request, indent=None) for request in requests)
        work.write_text("\n".join(lines))
        return command.run("submit-batch", "--jsonl", str(work))[:2]

    wrong = submission(user_id=user)
    wrong.attempt = 1001
    code, outcomes = submit(submission(user_id=user), wrong, submission(user_id=user))
    assert code == 1
    assert outcomes[1]["refusal"]["violations"].keys() == {"attempt"}
    first = [outcomes[place]["accepted"]["job"]["id"] for place in (0, 2)]
    before = _feed_until_ended(command, first, *feed)

    code, outcomes = submit(submission(user_id=user))
    assert code == 0
    third = outcomes[0]["accepted"]["job"]["id"]
    after = _feed_until_ended(command, [third], *feed)

    # The last line may have been written without its cursor: then it comes again.
    if after[0] == before[-1]:
        after = after[1:]
    assert sorted(before) == sorted((job, sequence) for job in first for sequence in range(1, 6))
    assert after == [(third, sequence) for sequence in range(1, 6)]


def test_a_failed_job_is_retried_and_erased(command: Command, door: Door) -> None:
    failed = door.grading.SubmitJob(submission("boom")).job.id
    code, (waited,), _ = command.run("wait", failed, "--timeout", "30")
    assert (code, waited["job"]["state"]) == (1, "JOB_STATE_FAILED")

    code, (retried,), _ = command.run("retry", failed)
    assert (code, retried["job"]["retry_of"]) == (0, failed)
    again = retried["job"]["id"]
    assert command.run("wait", again, "--timeout", "30")[0] == 1

    assert command.run("delete", again)[0] == 2  # nobody to ask
    code, (erased,), _ = command.run("delete", again, "--yes")
    assert code == 0
    assert command.run("delete", again, "--yes")[1] == [erased]
    code, documents, err = command.run("retry", again)
    assert (code, documents) == (1, [])
    assert "ERROR_REASON_JOB_NOT_FOUND" in err


def test_a_feed_does_not_begin_at_a_made_up_cursor(command: Command, tmp_path: Path) -> None:
    cursor = tmp_path / "cursor"
    cursor.write_text("made-up\n")
    code, _, err = command.run("feed", "--cursor", str(cursor))
    assert code == 1
    assert "ERROR_REASON_CURSOR_INVALID" in err
    assert cursor.read_text() == "made-up\n"
