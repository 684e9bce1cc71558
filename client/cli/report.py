"""A result as a learner can read it."""

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from client.cli.feedback import print_feedback
from client.cli.models_used import models_used
from client.cli.names import band_word, cap_word, criterion_word, factor_word, flag_word
from client.cli.outcome import review_line
from client.cli.places import places
from client.cli.recording import print_transcript, quality_line
from client.cli.terminal import printable
from vstep.grading.v1.job_pb2 import Job
from vstep.grading.v1.result_pb2 import (
    Confidence,
    CriterionScore,
    Evidence,
    Impact,
    Provenance,
    Result,
    ScoredBy,
)

_SIGN = {Impact.IMPACT_RAISES: "+", Impact.IMPACT_LOWERS: "-"}
#: Whose scores they are, where they are not the machine's alone.
_REVIEWED = {
    ScoredBy.SCORED_BY_HYBRID: "Scored by an examiner and the machine together",
    ScoredBy.SCORED_BY_HUMAN: "Scored by an examiner",
}
_AUDITED = {ScoredBy.SCORED_BY_HUMAN: "the machine's scores did not stand"}
_STYLE = {Impact.IMPACT_RAISES: "green", Impact.IMPACT_LOWERS: "red"}


def print_result(console: Console, result: Result, job: Job) -> None:
    """Print what ``job`` scored, what stands behind it, and what the learner can take from it."""
    if result.HasField("not_assessable"):
        console.print(Text(f"Not assessable: {printable(result.not_assessable.message)}", "bold"))
    else:
        _print_scores(console, result, job)
    if result.HasField("audio"):
        console.print(Text(f"Recording: {quality_line(result.audio)}", "dim"))
    if result.notice:
        console.print(Text(printable(result.notice), "italic"))
    console.print(Text(_origin(result.provenance), "dim"))
    for line in models_used(result.provenance):
        console.print(Text(line, "dim"))
    console.print(Text(f"Job {printable(result.job_id)}", "dim"))


def _print_scores(console: Console, result: Result, job: Job) -> None:
    console.print(
        Text.assemble(
            (f"Score {result.score:.1f} of 10", "bold"),
            ("   ", ""),
            (f"Band {band_word(result.band)}", "bold"),
            (f"   {result.word_count} words", ""),
        )
    )
    for cap in result.caps:
        console.print(
            Text(
                f"Held at {cap.limit:.1f} or lower, {cap_word(cap.reason)}:"
                f" {printable(cap.message)}",
                "yellow",
            )
        )
    for flag in result.flags:
        console.print(Text(f"To be looked at: {flag_word(flag)}", "yellow"))
    if result.HasField("confidence"):
        console.print(Text(_confidence(result.confidence)))
    if review := review_line(job):
        console.print(Text(review.capitalize(), "yellow"))
    if examiners := _REVIEWED.get(result.scored_by):
        console.print(Text(examiners))
    if result.audit:
        why = _AUDITED.get(result.scored_by, "the confidence lies under 90")
        console.print(Text(f"Marked for audit: {why}", "yellow"))
    console.print()
    console.print(_overview(result))
    console.print()
    for criterion in result.criteria:
        _print_criterion(console, criterion)
    print_feedback(console, result.feedback)
    if result.HasField("transcript"):
        print_transcript(console, result.transcript)


def _confidence(confidence: Confidence) -> str:
    factors = ", ".join(
        f"{factor_word(item.factor)} {item.value:.0f}" for item in confidence.factors
    )
    return f"Confidence {confidence.value} of 100" + (f": {factors}" if factors else "")


def _overview(result: Result) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Criterion")
    table.add_column("Score", justify="right")
    table.add_column("Share", justify="right")
    table.add_column("Band")
    table.add_column("What answers of this band do")
    for criterion in result.criteria:
        table.add_row(
            criterion_word(criterion.criterion),
            f"{criterion.score:.1f}",
            f"{criterion.weight:.0%}",
            band_word(criterion.band),
            Text(printable(criterion.descriptor)),
        )
    for absent in result.absent_criteria:
        table.add_row(criterion_word(absent), "–", "", "", Text("Could not be measured.", "yellow"))
    return table


def _print_criterion(console: Console, criterion: CriterionScore) -> None:
    heading = f"{criterion_word(criterion.criterion)}  {criterion.score:.1f}"
    console.print(Text(heading, "bold"))
    evidence = Table.grid(padding=(0, 1))
    evidence.add_column(no_wrap=True)
    evidence.add_column()
    for item in criterion.evidence:
        evidence.add_row(_points(item), Text(printable(item.message)))
        if (shown := places(item.quotes, item.moments)) is not None:
            evidence.add_row("", shown)
    console.print(Padding(evidence, (0, 0, 1, 1)))


def _points(evidence: Evidence) -> Text:
    sign = _SIGN.get(evidence.impact)
    if sign is None:
        return Text("·", "dim")
    points = f" {abs(evidence.points):.2f}" if evidence.HasField("points") else "     "
    return Text(sign + points, _STYLE[evidence.impact])


def _origin(provenance: Provenance) -> str:
    seconds = provenance.grading_duration.ToTimedelta().total_seconds()
    return printable(
        f"Graded by {provenance.grader} {provenance.grader_version}, rubric"
        f" {provenance.rubric_version}, features {provenance.feature_version},"
        f" run {provenance.run}, in {seconds:.1f} s, with {', '.join(provenance.tools)}."
    )
