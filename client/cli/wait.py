"""``vstep-grading wait``."""

from typing import Annotated

import typer

from client.cli.documents import write_document
from client.cli.outcome import exit_code, tell_outcome
from client.cli.parameters import JobArgument, Json
from client.cli.session import Session
from client.errors import WatchTimedOut


def wait_for_job(
    context: typer.Context,
    job: JobArgument,
    timeout: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds to wait at the most; without it, as long as it takes."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Wait, without a stream, until a job ends or is put to review."""
    session: Session = context.obj
    with session.client() as client:
        answer = client.wait(str(job), timeout=timeout, end_at_review=True)
        if as_json:
            write_document(answer)
        if not answer.ended:
            raise WatchTimedOut(str(job), answer.job.last_sequence)
    if as_json:
        return exit_code(answer.job)
    return tell_outcome(session, answer.job)
