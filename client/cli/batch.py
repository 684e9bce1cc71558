"""``vstep-grading submit-batch``."""

from itertools import islice
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer

from client.cli.batch_source import Named, Naming
from client.cli.documents import write_line
from client.cli.failure import refusal_line
from client.cli.outcome import accepted_line, repeatable
from client.cli.parameters import Json, Language, language_sent
from client.cli.session import Session
from client.cli.source import STDIN, read_lines, read_text
from client.cli.terminal import printable, say
from client.submission import Outcome, in_batches
from vstep.grading.v1.grading_service_pb2 import BatchSubmitOutcome, Refusal
from vstep.grading.v1.job_pb2 import Prompt


def submit_batch(
    context: typer.Context,
    essays: Annotated[
        list[Path] | None, typer.Argument(metavar="ESSAY", help="UTF-8 text files, one an answer.")
    ] = None,
    jsonl: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="In the place of ESSAY: a SubmitJobRequest as JSON a line; - for stdin."
            " What it lacks of ids, user_id, attempt and feedback_language is filled in.",
        ),
    ] = None,
    task: Annotated[
        int | None, typer.Option(min=1, max=2, help="With ESSAY: 1 for letters, 2 for essays.")
    ] = None,
    prompt_file: Annotated[
        Path | None, typer.Option(help="With ESSAY: what the learners were asked to write.")
    ] = None,
    requirements_file: Annotated[
        Path | None, typer.Option(help="With ESSAY: points that answers have to cover, one a line.")
    ] = None,
    user: Annotated[str, typer.Option(help="Your name for the learner.")] = "local",
    batch_id: Annotated[
        UUID | None,
        typer.Option(help="A UUID; the same one never makes second jobs. New by default."),
    ] = None,
    feedback_language: Language = None,
    as_json: Json = False,
) -> int:
    """Submit many answers; a line for what became of each, exit code 1 if any was refused."""
    session: Session = context.obj
    batch_id = batch_id or uuid4()
    naming = Naming(batch_id, user, language_sent(feedback_language))
    if jsonl is not None:
        _refuse_beside_jsonl(essays, task, prompt_file, requirements_file)
        items = naming.lines(jsonl)
    else:
        items = _essays(naming, essays, task, prompt_file, requirements_file)
    refused = False
    with session.client() as client, repeatable(f"--batch-id {batch_id}"):
        named = iter(items)
        for batch in in_batches(item.request for item in items):
            outcomes = client.submit_batch(batch)
            for item, outcome in zip(islice(named, len(batch)), outcomes, strict=True):
                refused |= isinstance(outcome, Refusal)
                _tell(item, outcome, as_json=as_json)
    return 1 if refused else 0


def _refuse_beside_jsonl(essays: list[Path] | None, *options: object) -> None:
    if essays or any(option is not None for option in options):
        raise typer.BadParameter(
            "it says all of each submission; neither ESSAY nor their options go with it",
            param_hint="'--jsonl'",
        )


def _essays(
    naming: Naming,
    essays: list[Path] | None,
    task: int | None,
    prompt_file: Path | None,
    requirements_file: Path | None,
) -> list[Named]:
    for given, parameter in ((essays, "ESSAY"), (task, "--task"), (prompt_file, "--prompt-file")):
        if not given:
            raise typer.BadParameter("needed, without --jsonl", param_hint=f"'{parameter}'")
    assert essays is not None
    assert task is not None
    assert prompt_file is not None
    if [*essays, prompt_file, requirements_file].count(STDIN) > 1:
        raise typer.BadParameter("stdin can be read once only", param_hint="'ESSAY'")
    points = (
        [] if requirements_file is None else read_lines(requirements_file, "--requirements-file")
    )
    text = read_text(prompt_file, "--prompt-file").strip()
    return naming.essays(essays, task, Prompt(text=text, requirements=points))


def _tell(item: Named, outcome: Outcome, *, as_json: bool) -> None:
    if isinstance(outcome, Refusal):
        if as_json:
            write_line(BatchSubmitOutcome(refusal=outcome))
        else:
            say(f"{printable(item.name)}: refused: {refusal_line(outcome)}")
    elif as_json:
        write_line(BatchSubmitOutcome(accepted=outcome))
    else:
        say(f"{printable(item.name)}: {accepted_line(outcome)}")
