"""What became of work, in a line, and the exit code that goes with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from grpc import StatusCode

from client.cli.documents import write_document
from client.cli.names import priority_word, review_reason_word, state_word
from client.cli.session import Session
from client.cli.terminal import note, printable, say
from client.errors import CallRefused
from vstep.grading.v1.error_pb2 import ErrorReason
from vstep.grading.v1.grading_service_pb2 import RetryJobResponse, SubmitJobResponse
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_CANCELLED,
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    Job,
)


@contextmanager
def repeatable(option: str) -> Iterator[None]:
    """Where it stays unknown whether a call stored work, tell how to repeat it safely."""
    try:
        yield
    except CallRefused as refused:
        if refused.passing or refused.code is StatusCode.DEADLINE_EXCEEDED:
            note(f"it may be stored or not; to repeat it safely: {option}")
        raise


def tell_accepted(
    session: Session, answer: SubmitJobResponse | RetryJobResponse, *, as_json: bool
) -> None:
    """Tell which job stands for the work now."""
    if as_json:
        write_document(answer)
        return
    say(accepted_line(answer))
    say(f"to follow it: {session.command('watch', answer.job.id)}")


def accepted_line(answer: SubmitJobResponse | RetryJobResponse) -> str:
    """The job that stands for the work, in one line."""
    known = ", submitted before" if answer.deduplicated else ""
    return f"job {answer.job.id}: {state_word(answer.job.state)}{known}"


def tell_outcome(session: Session, job: Job) -> int:
    """Tell how a job stands; the exit code."""
    line = f"job {job.id}: {state_word(job.state)}"
    if job.HasField("error"):
        line += f", {printable(job.error.message)} ({ErrorReason.Name(job.error.reason)})"
    say(line)
    if review := review_line(job):
        say(review)
    if job.state == JOB_STATE_COMPLETED:
        say(f"its result: {session.command('result', job.id)}")
    return exit_code(job)


def review_line(job: Job) -> str:
    """That an examiner should look at the result, and why; empty where none has to."""
    if not job.review_priority:
        return ""
    reasons = ", ".join(review_reason_word(reason) for reason in job.review_reasons)
    return (
        f"an examiner should look at it, priority {priority_word(job.review_priority)}: {reasons}"
    )


def exit_code(job: Job) -> int:
    """1 for a job that ended without a result, else 0."""
    return 1 if job.state in (JOB_STATE_FAILED, JOB_STATE_CANCELLED) else 0
