"""``vstep-grading retry``."""

from uuid import uuid4

import typer

from client.cli.outcome import repeatable, tell_accepted
from client.cli.parameters import JobArgument, Json, RequestId
from client.cli.session import Session


def retry_job(
    context: typer.Context, job: JobArgument, request_id: RequestId = None, as_json: Json = False
) -> None:
    """Grade the work of a failed job again, as a new job."""
    session: Session = context.obj
    request_id = request_id or uuid4()
    with session.client() as client, repeatable(f"--request-id {request_id}"):
        answer = client.retry(str(job), request_id=str(request_id))
    tell_accepted(session, answer, as_json=as_json)
