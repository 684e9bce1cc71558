"""A job's story on one screen."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from client.cli.terminal import printable

if TYPE_CHECKING:
    from grading.store.story import Story, StoryCall, StoryRun

#: Lines of a table are not folded, so that they can be searched.
_WIDTH = 400


def print_story(console: Console, story: "Story") -> None:
    """Print all of it: what the job is, then what happened to it, in the order of time."""
    console.width = _WIDTH
    for line in _heading(story):
        console.print(Text(printable(line)), soft_wrap=True)
    _print(
        console,
        "Events",
        ("#", "At (UTC)", "Gap", "Run", "State", "Stage", "Message"),
        _events(story),
    )
    _print(
        console,
        "Runs",
        ("Run", "Worker", "Waited", "Claimed", "Took", "Outcome", "Why"),
        _runs(story),
    )
    _print(
        console,
        "Provider calls",
        ("Run", "Stage", "Provider", "Model", "Outcome", "Took", "Used", "Cost"),
        (_call(call) for call in story.calls),
    )
    _print(
        console,
        "Answers kept for later runs",
        ("Stage", "Model", "Prompt", "Kept (UTC)", "Used"),
        _answers(story),
    )
    for line in _making(story):
        console.print(Text(printable(line)), soft_wrap=True)


def _heading(story: "Story") -> Iterator[str]:
    job = story.job
    work = f"task {job.writing_task}" if job.writing_task else f"part {job.speaking_part}"
    flags = [name for name, on in (("delayed", job.delayed), ("late", job.late)) if on]
    yield f"Job {job.id}: {job.state.value.upper()}{''.join(f', {flag}' for flag in flags)}"
    yield (
        f"{job.skill.value} {work}, tenant {story.tenant}, user {job.user_id},"
        f" submission {job.submission_id}, attempt {job.attempt}, request {job.request_id}"
    )
    if job.retry_of is not None:
        yield f"Grades again what failed as job {job.retry_of}"
    ended = job.ended_at or story.now
    left = job.deadline_at - ended
    yield (
        f"Accepted {_moment(job.accepted_at)}, {_age(ended - job.accepted_at)}"
        f" {'in all' if job.ended_at else 'ago'}; deadline {_moment(job.deadline_at)},"
        f" {_age(abs(left))} {'left' if left >= timedelta() else 'past it'}"
    )
    if job.failure is not None:
        yield f"Failed: {job.failure.reason.value}: {job.failure.message}"
    if job.next_run_at is not None:
        yield f"Taken again at {_moment(job.next_run_at)}"
    if story.lease_expires_at is not None:
        yield f"Held until {_moment(story.lease_expires_at)} without a sign of life"
    if story.message is not None:
        sent = story.message.sent_at
        state = "not sent yet" if sent is None else f"sent {_moment(sent)}"
        yield f"Wants a worker of {story.message.queue}: {state}, sends: {story.message.sends}"
    if job.review_priority is not None:
        reasons = ", ".join(reason.value for reason in job.review_reasons)
        yield f"Review: {job.review_priority.value} priority: {reasons}"
    if (recording := story.recording) is not None:
        stored = "never stored" if recording.stored_at is None else _moment(recording.stored_at)
        yield (
            f"Recording {recording.id}: {recording.container}, {recording.size_bytes} bytes,"
            f" stored {stored}"
        )
    if job.traceparent is not None:
        yield f"Trace {job.traceparent.split('-')[1]}"


def _events(story: "Story") -> Iterator[Sequence[str]]:
    before = story.job.accepted_at
    for event in story.events:
        yield (
            str(event.sequence),
            _moment(event.at),
            f"+{_age(event.at - before)}",
            str(event.run or ""),
            event.state,
            event.stage,
            f"{event.message} (delayed)" if event.delayed else event.message,
        )
        before = event.at


def _runs(story: "Story") -> Iterator[Sequence[str]]:
    before = story.job.accepted_at
    for run in story.runs:
        yield (
            str(run.run),
            run.worker,
            _age(run.claimed_at - before),
            _moment(run.claimed_at),
            "still at it" if run.ended_at is None else _age(run.ended_at - run.claimed_at),
            run.outcome or "",
            _why(run),
        )
        before = run.ended_at or story.now


def _why(run: "StoryRun") -> str:
    return ": ".join(part for part in (run.reason, run.message) if part)


def _call(call: "StoryCall") -> Sequence[str]:
    used = []
    if call.prompt_tokens is not None:
        used.append(f"{call.prompt_tokens}+{call.completion_tokens} tokens")
        if call.cached_tokens:
            used.append(f"{call.cached_tokens} cached")
    if call.audio_seconds:
        used.append(f"{call.audio_seconds:.1f} s of sound")
    return (
        str(call.run),
        call.stage,
        call.provider,
        call.model,
        call.outcome,
        _age(call.duration),
        ", ".join(used),
        "" if call.cost is None else f"${call.cost:.4f}",
    )


def _answers(story: "Story") -> Iterator[Sequence[str]]:
    models = () if story.result is None else story.result.provenance.get("models", ())
    use = {
        (model["stage"], model["prompt_hash"]): (
            "by a later run than paid for it" if model["recalled"] else "by the run that asked"
        )
        for model in models
    }
    for answer in story.answers:
        yield (
            answer.stage,
            answer.model,
            answer.prompt_hash,
            _moment(answer.kept_at),
            use.get((answer.stage, answer.prompt_hash), ""),
        )


def _making(story: "Story") -> Iterator[str]:
    result = story.result
    if result is None:
        return
    band = (result.band or "").upper()
    score = "nothing to grade" if result.score is None else f"{result.score} {band}"
    flags = [name for name, on in (("late", result.late), ("audit", result.audit)) if on]
    marks = "".join(f", {flag}" for flag in flags)
    yield (
        f"Result of run {result.run}, {_moment(result.created_at)}: {score}{marks};"
        f" grading took {_age(result.grading_duration)}"
    )
    made = result.provenance
    if not made:
        return
    yield (
        f"Made by {made['grader']} {made['grader_version']}, rubric {made['rubric_version']},"
        f" features {made['feature_version']}"
        + (f", calibration {made['calibration']}" if made.get("calibration") else "")
        + (f", without the model: {made['fallback']}" if made.get("fallback") else "")
    )
    for model in made.get("models", ()):
        yield f"{model['stage']} of {model['model']}: asked as {model['prompt_version']}"
    if made.get("tools"):
        yield f"Tools: {', '.join(made['tools'])}"


def _print(
    console: Console, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    if table.row_count:
        console.print(Text(title, "bold"))
        console.print(table, soft_wrap=True)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"


def _age(age: timedelta) -> str:
    seconds = age.total_seconds()
    if seconds < 60:
        return f"{seconds:.3f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
