"""``vstep-grading delete``."""

import sys
from typing import Annotated

import typer

from client.cli.documents import write_document
from client.cli.parameters import JobArgument, Json
from client.cli.session import Session
from client.cli.terminal import note, say


def delete_job(
    context: typer.Context,
    job: JobArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a job: the answer, the result, the events. It can't be undone."""
    session: Session = context.obj
    if not yes:
        _ask(f"Erase job {job} with its answer, result and events?")
    with session.client() as client:
        answer = client.delete(str(job))
    if as_json:
        write_document(answer)
    else:
        say(f"job {job}: erased {answer.delete_time.ToDatetime():%Y-%m-%d %H:%M:%S} UTC")


def _ask(question: str) -> None:
    """Go on only after a yes.

    Raises:
        typer.BadParameter: there is nobody to ask.
        typer.Exit: the answer is no.
    """
    if not sys.stdin.isatty():
        raise typer.BadParameter("stdin is no terminal to ask on", param_hint="'--yes'")
    # typer's own question writes to stdout, too, which belongs to the result.
    print(question, "[y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        note("nothing was erased")
        raise typer.Exit(1)
