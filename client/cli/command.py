"""The commands and their options."""

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from client.cli.agreement import show_agreement
from client.cli.batch import submit_batch
from client.cli.calibration import calibrate_on_marks
from client.cli.deletion import delete_job
from client.cli.documents import write_document, write_line, write_list
from client.cli.explain import explain_job
from client.cli.feed import follow_feed
from client.cli.following import follow
from client.cli.health import show_health
from client.cli.listing import print_jobs
from client.cli.names import state_word
from client.cli.outcome import exit_code, tell_outcome
from client.cli.parameters import JobArgument, Json, StateName
from client.cli.report import print_result
from client.cli.retry import retry_job
from client.cli.reviews import reviews
from client.cli.session import ADDRESS, ADDRESS_VARIABLE, Session
from client.cli.submitting import submit_answer
from client.cli.terminal import note, printable, results, say
from client.cli.tls_options import (
    CaOption,
    CertificateOption,
    KeyOption,
    ServerNameOption,
    TlsOption,
)
from client.cli.token_source import FILE_VARIABLE, VARIABLE, read_token
from client.cli.tokens import tokens
from client.cli.wait import wait_for_job
from client.tls import Tls
from vstep.grading.v1.job_pb2 import (
    JobState,
)

app = typer.Typer(
    name="vstep-grading",
    help="Grades VSTEP work: submits answers, follows them, shows what they scored.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def connect(
    context: typer.Context,
    address: Annotated[
        str, typer.Option(envvar=ADDRESS_VARIABLE, help="Where the service is, as HOST:PORT.")
    ] = ADDRESS,
    timeout: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds that a call may take, with retries.")
    ] = 10.0,
    tls: TlsOption = False,
    ca: CaOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    server_name: ServerNameOption = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            envvar=FILE_VARIABLE,
            help=f"A file that holds the token to show; {VARIABLE} holds the token itself.",
        ),
    ] = None,
) -> None:
    """Take the options that every command shares."""
    encrypted = tls or any((ca, certificate, key, server_name))
    encryption = Tls(ca, certificate, key, server_name) if encrypted else None
    context.obj = Session(address, timeout, encryption, read_token(token_file))


@app.command("watch")
def watch_job(
    context: typer.Context,
    job: JobArgument,
    after: Annotated[
        int,
        typer.Option(min=0, max=2**63 - 1, help="The last event you have; 0 for all events."),
    ] = 0,
    as_json: Json = False,
) -> int:
    """Follow a job until it ends or is put to review; with --json, a line an event."""
    session: Session = context.obj
    with session.client() as client:
        client.get(str(job))  # a wrong id or address is told at once
        ended = follow(session, client, str(job), after, write_line if as_json else None)
    if as_json:
        return exit_code(ended)
    return tell_outcome(session, ended)


@app.command("result")
def show_result(context: typer.Context, job: JobArgument, as_json: Json = False) -> None:
    """Show what a graded job scored, and why."""
    session: Session = context.obj
    with session.client() as client:
        graded = client.result(str(job))
        if as_json:
            write_document(graded)
        else:
            print_result(results(), graded, client.get(str(job)))


@app.command("list")
def list_jobs(
    context: typer.Context,
    user: Annotated[str, typer.Option(help="Only jobs of this learner.")] = "",
    submission: Annotated[str, typer.Option(help="Only jobs of this submission.")] = "",
    state: Annotated[
        list[StateName] | None, typer.Option(help="Only jobs in this state; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many jobs at the most.")] = 20,
    as_json: Json = False,
) -> None:
    """List jobs, newest first."""
    session: Session = context.obj
    states = [JobState.Value(f"JOB_STATE_{name.name}") for name in state or ()]
    with session.client() as client:
        jobs = list(
            islice(
                client.list(
                    user_id=user,
                    submission_id=submission,
                    states=states,
                    page_size=min(limit, 1000),
                ),
                limit,
            )
        )
    if as_json:
        write_list("jobs", jobs)
    else:
        print_jobs(results(), jobs)


@app.command("cancel")
def cancel_job(context: typer.Context, job: JobArgument, as_json: Json = False) -> None:
    """Cancel a job that has not ended."""
    session: Session = context.obj
    with session.client() as client:
        cancelled = client.cancel(str(job))
    if as_json:
        write_document(cancelled)
    else:
        say(f"job {cancelled.id}: {state_word(cancelled.state)}")


app.command("submit")(submit_answer)
app.command("submit-batch")(submit_batch)
app.command("wait")(wait_for_job)
app.command("retry")(retry_job)
app.command("delete")(delete_job)
app.command("feed")(follow_feed)
app.command("health")(show_health)
app.command("explain")(explain_job)
app.command("calibrate")(calibrate_on_marks)
app.command("agreement")(show_agreement)
app.add_typer(reviews, name="review")
app.add_typer(tokens, name="token")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and give its exit code.

    0: done. 1: the job failed or was cancelled, or the call, or an item of a batch,
    was refused, or a name of the health is not SERVING. 2: wrong usage. 130: Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Where the terminal's encoding lacks a letter, a mark stands for it.
            stream.reconfigure(errors="replace")
    try:
        return app(args=arguments, prog_name="vstep-grading", standalone_mode=False) or 0
    except typer.TyperException as error:
        note(f"vstep-grading: {printable(error.format_message())}")
        return error.exit_code
    except UnicodeEncodeError:
        # A byte that is no UTF-8 reaches Python as a character that can't be sent.
        note("vstep-grading: an argument is not UTF-8 text")
        return 2
