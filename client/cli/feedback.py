"""Feedback as a learner can read it."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from client.cli.names import criterion_word
from client.cli.places import places
from client.cli.terminal import printable
from vstep.grading.v1.result_pb2 import (
    CRITERION_DISCOURSE_MANAGEMENT,
    CRITERION_FLUENCY,
    CRITERION_GRAMMAR,
    CRITERION_ORGANIZATION,
    CRITERION_PRONUNCIATION,
    CRITERION_TASK_FULFILLMENT,
    CRITERION_VOCABULARY,
    FEEDBACK_LANGUAGE_VIETNAMESE,
    Criterion,
    Feedback,
    Remark,
    Rewrite,
)

#: The criteria as Vietnamese teachers call them.
_IN_VIETNAMESE = {
    CRITERION_TASK_FULFILLMENT: "Hoàn thành yêu cầu bài viết",
    CRITERION_ORGANIZATION: "Bố cục",
    CRITERION_VOCABULARY: "Từ vựng",
    CRITERION_GRAMMAR: "Ngữ pháp",
    CRITERION_PRONUNCIATION: "Phát âm",
    CRITERION_FLUENCY: "Độ lưu loát",
    CRITERION_DISCOURSE_MANAGEMENT: "Phát triển chủ đề",
}


def print_feedback(console: Console, feedback: Feedback) -> None:
    """Print what went well and what to work on, with the places that are spoken of."""
    is_vietnamese = feedback.language == FEEDBACK_LANGUAGE_VIETNAMESE
    headings = ("Điểm mạnh", "Cần cải thiện") if is_vietnamese else ("Strengths", "To work on")
    names = _IN_VIETNAMESE if is_vietnamese else {}
    for heading, remarks in zip(headings, (feedback.strengths, feedback.to_work_on), strict=True):
        if remarks:
            console.print(Text(heading, "bold"))
            console.print(Padding(_listed(remarks, names), (0, 0, 1, 1)))
    if feedback.rewrites:
        heading = "Viết lại cho hay hơn" if is_vietnamese else "Your sentences, put better"
        console.print(Text(heading, "bold"))
        console.print(Padding(_rewritten(feedback.rewrites), (0, 0, 1, 1)))


def _rewritten(rewrites: Iterable[Rewrite]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column()
    for number, rewrite in enumerate(rewrites, 1):
        quotes = [rewrite.quote] if rewrite.HasField("quote") else []
        table.add_row(f"{number}.", places(quotes, [rewrite.moment]))
        table.add_row("→", Text(printable(rewrite.text), "green"))
        if rewrite.reason:
            table.add_row("", Text(printable(rewrite.reason)))
    return table


def _listed(remarks: Iterable[Remark], names: Mapping[Criterion.ValueType, str]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column()
    for number, remark in enumerate(remarks, 1):
        name = names.get(remark.criterion) or criterion_word(remark.criterion)
        table.add_row(f"{number}.", Text.assemble((f"{name}  ", "dim"), printable(remark.text)))
        if (shown := places(remark.quotes, remark.moments)) is not None:
            table.add_row("", shown)
    return table
