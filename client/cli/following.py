"""Follows a job until it ends or is put to review."""

from collections.abc import Callable

import typer

from client.cli.progress import ProgressView
from client.cli.session import Session
from client.cli.terminal import note, remarks
from client.client import GradingClient
from client.resumption import WatchLimits
from client.watch import Watch
from vstep.grading.v1.job_pb2 import Job, JobEvent

#: A watch or a feed gives up on a service that is silent for so long, in seconds.
UNREACHABLE_SECONDS = 300.0

#: What a shell reports of a command that Ctrl-C ended.
INTERRUPTED = 130


def follow(
    session: Session,
    client: GradingClient,
    job_id: str,
    after_sequence: int = 0,
    each: Callable[[JobEvent], None] | None = None,
) -> Job:
    """Show a job's progress until there is no more to come; give the job as it stands then.

    Raises:
        ClientError: the job can't be followed.
        typer.Exit: Ctrl-C was pressed.
    """
    with ProgressView(remarks()) as view:
        watch = client.watch(
            job_id,
            after_sequence=after_sequence,
            end_at_review=True,
            limits=WatchLimits(unreachable=UNREACHABLE_SECONDS),
            on_interruption=view.interrupted,
        )
        try:
            for event in watch:
                if each is None:
                    view.show(event)
                else:
                    each(event)
        except KeyboardInterrupt:
            _tell_how_to_resume(session, watch, job_id)
            raise typer.Exit(INTERRUPTED) from None
    return client.get(job_id)


def _tell_how_to_resume(session: Session, watch: Watch, job_id: str) -> None:
    resume = session.command("watch", job_id, "--after", str(watch.last_sequence))
    note(f"stopped watching; the job goes on. To resume: {resume}")
