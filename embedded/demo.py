"""``python -m embedded.demo``: from nothing to graded answers, through the public gRPC door."""

import os
import signal
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
from client.submission import Work
from embedded.ports import free_port
from embedded.postgres import PostgresNotStarted
from embedded.stack import EmbeddedStack, StackNotReady
from grading.exceptions import SettingsError
from vstep.grading.v1.job_pb2 import (
    Job,
    Prompt,
    SpeakingPart,
    SpeakingWork,
    WritingTask,
    WritingWork,
)
from vstep.grading.v1.result_pb2 import FeedbackLanguage, Result

#: Not the folder of ``embedded.up``: both may run at once.
FOLDER = Path(".embedded/demo")
USER = "demo"
ESSAYS = Path(__file__).parent / "essays"
NAMES = ("b1.txt", "b2.txt", "c1.txt")
#: The essay whose result is printed in full.
SHOWN = "b2.txt"
#: The essay whose feedback is in Vietnamese.
IN_VIETNAMESE = "b1.txt"
RECORDINGS = Path(__file__).parent / "recordings"
#: An answer to part 3 in the voice of a machine.
RECORDING = "synthetic-answer.ogg"
#: How long one call may take, repetitions included, in seconds.
CALL_SECONDS = 10.0
#: How long one answer may take, in seconds.
ANSWER_SECONDS = 120.0

Graded = tuple[Result, Job]


class DemoStopped(Exception):
    """A signal asked the demo to end."""


def main() -> int:
    """Run the demo; leaves no process behind. 0 when every answer was graded."""
    _heed(_stop)
    # It shows what needs no key, and may cost nothing where one is set; nor does it have a token.
    for name in ("OPENAI_API_KEY", "STT_API_KEY", "GRADING_AUTH"):
        os.environ.pop(name, None)
    console = results()
    address = ""
    try:
        console.print("Starting PostgreSQL, a worker and a server …")
        began = time.monotonic()
        with EmbeddedStack(FOLDER, free_port()) as stack:
            address = stack.address
            console.print(f"Ready at {address} after {time.monotonic() - began:.1f} s.")
            try:
                with GradingClient(address, deadline=CALL_SECONDS) as client:
                    essays = {name: _grade_essay(console, client, name) for name in NAMES}
                    _show(console, essays, _grade_recording(console, client))
            finally:
                _heed(signal.SIG_IGN)
    except (SettingsError, PostgresNotStarted, StackNotReady, OSError) as error:
        return _failed(f"the embedded stack did not start: {error}")
    except ClientError as error:
        return _failed(f"{line_of(error, address)}; logs: {FOLDER}")
    except DemoStopped:
        return _failed("stopped")
    return 0


def _grade_essay(console: Console, client: GradingClient, name: str) -> Graded:
    text = (ESSAYS / name).read_text("utf-8")
    essay = WritingWork(task=WritingTask.WRITING_TASK_ESSAY, text=text)
    language = (
        FeedbackLanguage.FEEDBACK_LANGUAGE_VIETNAMESE
        if name == IN_VIETNAMESE
        else FeedbackLanguage.FEEDBACK_LANGUAGE_ENGLISH
    )
    return _grade(console, client, name, essay, _prompt_in(ESSAYS), language)


def _grade_recording(console: Console, client: GradingClient) -> Graded:
    stored = client.upload(RECORDINGS / RECORDING, user_id=USER)
    spoken = SpeakingWork(
        part=SpeakingPart.SPEAKING_PART_TOPIC_DEVELOPMENT, audio_id=stored.audio_id
    )
    language = FeedbackLanguage.FEEDBACK_LANGUAGE_ENGLISH
    return _grade(console, client, RECORDING, spoken, _prompt_in(RECORDINGS), language)


def _grade(
    console: Console,
    client: GradingClient,
    name: str,
    work: Work,
    prompt: Prompt,
    language: FeedbackLanguage.ValueType,
) -> Graded:
    """Submit one answer, show its progress, fetch its result.

    Raises:
        ClientError: it was not graded.
    """
    answer = client.submit(
        work,
        prompt,
        user_id=USER,
        submission_id=f"{name}-{uuid4()}",
        feedback_language=language,
    )
    console.print(f"\n{name} is job {answer.job.id}")
    with ProgressView(console) as view:
        limits = WatchLimits(overall=ANSWER_SECONDS)
        for event in client.watch(answer.job.id, limits=limits, on_interruption=view.interrupted):
            view.show(event)
    return client.result(answer.job.id), client.get(answer.job.id)


def _prompt_in(folder: Path) -> Prompt:
    return Prompt(
        text=(folder / "prompt.txt").read_text("utf-8").strip(),
        requirements=(folder / "requirements.txt").read_text("utf-8").strip().splitlines(),
    )


def _show(console: Console, essays: dict[str, Graded], recording: Graded) -> None:
    console.print()
    console.print(_headed(f"The result of {SHOWN}"))
    print_result(console, *essays[SHOWN])
    console.print()
    console.print(_headed(f"The feedback on {IN_VIETNAMESE}"))
    print_feedback(console, essays[IN_VIETNAMESE][0].feedback)
    console.print(_headed(f"The result of {RECORDING}"))
    print_result(console, *recording)
    console.print()
    console.print(_headed("All answers"))
    for name, (result, _) in (*essays.items(), (RECORDING, recording)):
        criteria = ", ".join(
            f"{criterion_word(item.criterion)} {item.score:.1f}" for item in result.criteria
        )
        scored = f"{result.score:>4.1f}  {band_word(result.band)}"
        line = f"{name:<{len(RECORDING)}}  {scored}  {criteria}"
        console.print(Text(line, "bold" if name == SHOWN else ""), soft_wrap=True)


def _headed(title: str) -> Rule:
    return Rule(title, style="", characters="=")


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
