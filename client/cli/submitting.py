"""``vstep-grading submit``: a text or a recording."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from uuid import uuid4

import typer

from client.cli.documents import write_document
from client.cli.following import follow
from client.cli.outcome import exit_code, repeatable, tell_accepted, tell_outcome
from client.cli.parameters import Json, Language, RequestId, language_sent
from client.cli.report import print_result
from client.cli.session import Session
from client.cli.source import STDIN, read_lines, read_text
from client.cli.terminal import printable, results
from client.client import GradingClient
from client.submission import Work
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_COMPLETED,
    Prompt,
    SpeakingPart,
    SpeakingWork,
    WritingTask,
    WritingWork,
)

#: How long the upload of a recording may take at the least, in seconds.
_UPLOAD_SECONDS = 300.0


def submit_answer(
    context: typer.Context,
    answer: Annotated[
        str,
        typer.Argument(
            metavar="ANSWER",
            help="A UTF-8 text file, - for stdin; with --part a recording, or its https address.",
        ),
    ],
    prompt_file: Annotated[Path, typer.Option(help="What the learner was asked.")],
    task: Annotated[
        int | None, typer.Option(min=1, max=2, help="Writing: 1 for a letter, 2 for an essay.")
    ] = None,
    part: Annotated[
        int | None, typer.Option(min=1, max=3, help="Speaking: the part of the paper.")
    ] = None,
    requirement: Annotated[
        list[str] | None, typer.Option(help="A point that the answer has to cover; repeatable.")
    ] = None,
    requirements_file: Annotated[
        Path | None, typer.Option(help="More of them, one a line.")
    ] = None,
    user: Annotated[str, typer.Option(help="Your name for the learner.")] = "local",
    submission: Annotated[
        str | None, typer.Option(help="Your name for the submission; a new one by default.")
    ] = None,
    attempt: Annotated[
        int, typer.Option(min=1, max=1000, help="Which grading of the submission this is.")
    ] = 1,
    request_id: RequestId = None,
    feedback_language: Language = None,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A group that the learner is in; repeatable."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Wait, and show the result.")] = False,
    as_json: Json = False,
) -> int:
    """Submit an answer to be graded: a text with --task, a recording with --part."""
    session: Session = context.obj
    if (task is None) == (part is None):
        raise typer.BadParameter("give one of them", param_hint="'--task' / '--part'")
    if Path(answer) == STDIN and STDIN in (prompt_file, requirements_file):
        raise typer.BadParameter("stdin is read for ANSWER already", param_hint="'--prompt-file'")
    requirements = [*(requirement or ())]
    if requirements_file is not None:
        requirements += read_lines(requirements_file, "--requirements-file")
    text = "" if task is None else read_text(Path(answer), "ANSWER")
    prompt = Prompt(text=read_text(prompt_file, "--prompt-file").strip(), requirements=requirements)
    request_id = request_id or uuid4()
    labels = _labels(label or ())
    with session.client() as client:
        if task is not None:
            work: Work = WritingWork(task=WritingTask.ValueType(task), text=text)
        else:
            assert part is not None
            work = _recorded(client, answer, SpeakingPart.ValueType(part), user, session.timeout)
        with repeatable(f"--request-id {request_id}"):
            stored = client.submit(
                work,
                prompt,
                user_id=user,
                submission_id=submission or f"cli-{request_id}",
                attempt=attempt,
                request_id=str(request_id),
                feedback_language=language_sent(feedback_language),
                labels=labels,
            )
        if not watch:
            tell_accepted(session, stored, as_json=as_json)
            return 0
        job_id = stored.job.id
        job = follow(session, client, job_id)
        if job.state != JOB_STATE_COMPLETED:
            if as_json:
                write_document(job)
                return exit_code(job)
            return tell_outcome(session, job)
        outcome = client.result(job_id)
    if as_json:
        write_document(outcome)
    else:
        print_result(results(), outcome, job)
    return 0


def _labels(given: Iterable[str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"{printable(one)} is not NAME=VALUE", param_hint="'--label'")
        if name in labels:
            raise typer.BadParameter(f"{printable(name)} is there twice", param_hint="'--label'")
        labels[name] = value
    return labels


def _recorded(
    client: GradingClient, answer: str, part: SpeakingPart.ValueType, user: str, timeout: float
) -> SpeakingWork:
    if urlsplit(answer).scheme in ("http", "https"):
        return SpeakingWork(part=part, audio_url=answer)
    try:
        stored = client.upload(Path(answer), user_id=user, deadline=max(timeout, _UPLOAD_SECONDS))
    except OSError as error:
        raise typer.BadParameter(
            f"can't read {answer}: {error.strerror}", param_hint="'ANSWER'"
        ) from None
    return SpeakingWork(part=part, audio_id=stored.audio_id)
