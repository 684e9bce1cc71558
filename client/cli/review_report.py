"""Reviews as an examiner reads them: the queue, and one answer with what stands behind it."""

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from client.cli.marked_answer import marked, numbered, print_evidence
from client.cli.names import (
    action_word,
    band_word,
    criterion_word,
    priority_word,
    review_reason_word,
    review_state_word,
    scored_by_word,
    skill_word,
)
from client.cli.recording import print_transcript, quality_line
from client.cli.terminal import printable, printable_lines
from vstep.grading.v1.result_pb2 import CriterionScore, Result
from vstep.grading.v1.review_service_pb2 import CriterionMark, GetReviewResponse, Marks, Review

#: Each review stays on one line, so that its id can be copied and lines can be searched.
_WIDTH = 400


def print_reviews(console: Console, reviews: Iterable[Review]) -> None:
    """Print one line for each review."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("Job", "Priority", "State", "Accepted (UTC)", "Skill", "Marks", "Why"):
        table.add_column(heading, no_wrap=True)
    for review in reviews:
        table.add_row(
            Text(printable(review.job_id)),
            priority_word(review.priority),
            Text(_standing(review)),
            _moment(review.accept_time),
            skill_word(review.skill),
            _marks_wanted(review),
            Text(", ".join(review_reason_word(reason) for reason in review.reasons)),
        )
    if not table.row_count:
        console.print("no reviews")
        return
    console.width = _WIDTH
    console.print(table, soft_wrap=True)


def review_line(review: Review) -> str:
    """How a review stands, in a line."""
    line = f"review {review.job_id}: {_standing(review)}"
    if review.HasField("finish_time"):
        line += f", scored by {scored_by_word(review.scored_by)}"
    elif review.marks_given:
        line += f", {_marks_wanted(review)}"
    return line


def print_review(console: Console, file: GetReviewResponse) -> None:
    """Print the task, the answer with the machine's evidence marked in it, and its scores."""
    review = file.review
    console.print(Text(review_line(review), "bold"))
    if file.HasField("prompt"):
        console.print(Text("Task", "bold"))
        console.print(Padding(Text(printable_lines(file.prompt.text)), (0, 0, 0, 1)))
        for requirement in file.prompt.requirements:
            console.print(Padding(Text(f"- {printable(requirement)}"), (0, 0, 0, 1)))
    machine = file.machine if file.HasField("machine") else None
    seen = numbered(machine.criteria) if machine is not None else []
    console.print(Text("Answer", "bold"))
    if file.HasField("writing"):
        console.print(Padding(marked(file.writing.text, seen), (0, 0, 1, 1)))
    elif file.HasField("speaking"):
        where = file.speaking.audio_url or f"recording {file.speaking.audio_id}"
        console.print(Padding(Text(printable(where)), (0, 0, 1, 1)), soft_wrap=True)
    else:
        console.print(Padding(Text("purged", "dim"), (0, 0, 1, 1)))
    if machine is None:
        console.print(Text("Marked blind: what the machine made of it isn't shown.", "yellow"))
    else:
        _print_machine(console, machine)
        print_evidence(console, seen)
    for marks in file.marks:
        console.print(Text(_marks_line(marks)))
    if file.HasField("result"):
        console.print(Text(f"Given out: {_scores_line(file.result)}", "bold"))
    for act in file.history:
        who = printable(act.reviewer_id) + (f" ({printable(act.caller)})" if act.caller else "")
        line = f"{_moment(act.time)} {action_word(act.action)} by {who}, claim {act.claim}"
        console.print(Text(line, "dim"), soft_wrap=True)


def _print_machine(console: Console, machine: Result) -> None:
    if machine.HasField("audio"):
        console.print(Text(f"Recording: {quality_line(machine.audio)}", "dim"))
    if machine.HasField("transcript"):
        print_transcript(console, machine.transcript)
    if machine.HasField("not_assessable"):
        console.print(Text(f"Machine: {printable(machine.not_assessable.message)}", "bold"))
        return
    console.print(Text(f"Machine: {_scores_line(machine)}", "bold"))
    for absent in machine.absent_criteria:
        console.print(Text(f"{criterion_word(absent)} could not be measured.", "yellow"))
    for cap in machine.caps:
        console.print(Text(f"Held at {cap.limit:.1f}: {printable(cap.message)}", "yellow"))


def _scores_line(result: Result) -> str:
    scores = ", ".join(_score(entry) for entry in result.criteria)
    return f"{result.score:.1f}, band {band_word(result.band)} ({scores})"


def _score(entry: CriterionScore | CriterionMark) -> str:
    return f"{criterion_word(entry.criterion).lower()} {entry.score:.1f}"


def _marks_line(marks: Marks) -> str:
    scores = ", ".join(_score(mark) for mark in marks.scores)
    who = printable(marks.reviewer_id)
    line = f"{who}: {marks.score:.1f}, band {band_word(marks.band)} ({scores})"
    return f"{line}. {printable(marks.comment)}" if marks.comment else line


def _standing(review: Review) -> str:
    state = review_state_word(review.state)
    if not review.holder:
        return state
    return f"{state} by {printable(review.holder)} until {_moment(review.claim_until)} UTC"


def _marks_wanted(review: Review) -> str:
    wanted = 3 if review.adjudication else 2 if review.double_marked else 1
    return f"{review.marks_given} of {wanted}" + (", blind" if review.double_marked else "")


def _moment(moment: Timestamp) -> str:
    return f"{moment.ToDatetime():%Y-%m-%d %H:%M:%S}"
