"""``python -m embedded.demo``: from nothing to graded essays, through the public gRPC door."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from client.cli.failure import line_of
from client.cli.feedback import print_feedback
from client.cli.names import band_word, criterion_word
from client.cli.progress import ProgressView
from client.cli.report import print_result
from client.cli.terminal import results
from client.client import GradingClient
from client.errors import ClientError
from client.resumption import WatchLimits
from embedded.postgres import PostgresNotStarted
from embedded.stack import EmbeddedStack, StackNotReady
from grading.exceptions import SettingsError
from vstep.grading.v1.job_pb2 import Job, Prompt, WritingTask, WritingWork
from vstep.grading.v1.result_pb2 import FeedbackLanguage, Result

#: Not the folder of ``embedded.up``: both may run at once.
FOLDER = Path(".embedded/demo")
ESSAYS = Path(__file__).parent / "essays"
NAMES = ("b1", "b2", "c1")
#: The essay whose result is printed in full.
SHOWN = "b2"
#: The essay whose feedback is in Vietnamese.
IN_VIETNAMESE = "b1"
#: How long one call may take, repetitions included, in seconds.
CALL_SECONDS = 10.0
#: How long one essay may take, in seconds.
ESSAY_SECONDS = 120.0


class DemoStopped(Exception):
    """A signal asked the demo to end."""


def main() -> int:
    """Run the demo; leaves no process behind. 0 when every essay was graded."""
    _heed(_stop)
    # It shows what needs no key, and may cost nothing where one is set.
    os.environ.pop("OPENAI_API_KEY", None)
    console = results()
    address = ""
    try:
        console.print("Starting PostgreSQL, a worker and a server …")
        began = time.monotonic()
        with EmbeddedStack(FOLDER, _free_port()) as stack:
            address = stack.address
            console.print(f"Ready at {address} after {time.monotonic() - began:.1f} s.")
            try:
                with GradingClient(address, deadline=CALL_SECONDS) as client:
                    _show(console, {name: _grade(console, client, name) for name in NAMES})
            finally:
                _heed(signal.SIG_IGN)
    except (SettingsError, PostgresNotStarted, StackNotReady, OSError) as error:
        return _failed(f"the embedded stack did not start: {error}")
    except ClientError as error:
        return _failed(f"{line_of(error, address)}; logs: {FOLDER}")
    except DemoStopped:
        return _failed("stopped")
    return 0


def _grade(console: Console, client: GradingClient, name: str) -> tuple[Result, Job]:
    """Submit one essay, show its progress, fetch its result.

    Raises:
        ClientError: it was not graded.
    """
    text = (ESSAYS / f"{name}.txt").read_text("utf-8")
    prompt = Prompt(
        text=(ESSAYS / "prompt.txt").read_text("utf-8").strip(),
        requirements=(ESSAYS / "requirements.txt").read_text("utf-8").strip().splitlines(),
    )
    answer = client.submit(
        WritingWork(task=WritingTask.WRITING_TASK_ESSAY, text=text),
        prompt,
        user_id="demo",
        submission_id=f"{name}-{uuid4()}",
        feedback_language=(
            FeedbackLanguage.FEEDBACK_LANGUAGE_VIETNAMESE
            if name == IN_VIETNAMESE
            else FeedbackLanguage.FEEDBACK_LANGUAGE_ENGLISH
        ),
    )
    console.print(f"\nEssay {name}.txt is job {answer.job.id}")
    with ProgressView(console) as view:
        limits = WatchLimits(overall=ESSAY_SECONDS)
        for event in client.watch(answer.job.id, limits=limits, on_interruption=view.interrupted):
            view.show(event)
    return client.result(answer.job.id), client.get(answer.job.id)


def _show(console: Console, graded: dict[str, tuple[Result, Job]]) -> None:
    console.print()
    console.print(Rule(f"The result of {SHOWN}.txt", style="", characters="="))
    print_result(console, *graded[SHOWN])
    console.print()
    console.print(Rule(f"The feedback on {IN_VIETNAMESE}.txt", style="", characters="="))
    print_feedback(console, graded[IN_VIETNAMESE][0].feedback)
    console.print(Rule("All essays", style="", characters="="))
    for name, (result, _) in graded.items():
        criteria = ", ".join(
            f"{criterion_word(item.criterion)} {item.score:.1f}" for item in result.criteria
        )
        line = f"{name}.txt  {result.score:>4.1f}  {band_word(result.band)}  {criteria}"
        console.print(Text(line, "bold" if name == SHOWN else ""), soft_wrap=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _failed(line: str) -> int:
    print(f"demo: {line}", file=sys.stderr)
    return 1


def _stop(*_: object) -> NoReturn:
    _heed(signal.SIG_IGN)
    raise DemoStopped


def _heed(handler: Callable[..., None] | signal.Handlers) -> None:
    """Set what signals do. While the stack's processes are being ended, that is nothing."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, handler)


if __name__ == "__main__":
    sys.exit(main())
