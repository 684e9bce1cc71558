"""Agreement as tables: the figures, what they may be, and whether ETS's bars are met."""

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from client.cli.names import criterion_word, grouping_word, measure_word
from client.cli.terminal import printable
from vstep.grading.v1.review_service_pb2 import (
    AGREEMENT_GROUPING_LABEL,
    AGREEMENT_GROUPING_PROMPT,
    AGREEMENT_MEASURE_ADJACENT,
    AGREEMENT_MEASURE_EXACT,
    AGREEMENT_MEASURE_PEARSON,
    AGREEMENT_MEASURE_QWK,
    AGREEMENT_MEASURE_SMD,
    Agreement,
    AgreementDrift,
    AgreementGroup,
    AgreementInterval,
    AgreementTable,
    GetAgreementResponse,
    MeasuredAgreement,
)

_MEASURES = (
    AGREEMENT_MEASURE_QWK,
    AGREEMENT_MEASURE_PEARSON,
    AGREEMENT_MEASURE_SMD,
    AGREEMENT_MEASURE_EXACT,
    AGREEMENT_MEASURE_ADJACENT,
)
#: Rows are as wide as their figures, so that a line can be searched and copied.
_WIDTH = 400


def print_agreement(console: Console, found: GetAgreementResponse) -> None:
    """Print all that was found."""
    console.width = _WIDTH
    span = [
        f"{moment.ToDatetime():%Y-%m-%d %H:%M:%S}"
        for moment in (found.finished_from, found.finished_before)
    ]
    console.print(f"Reviews finished from {span[0]} until {span[1]} (UTC)", soft_wrap=True)
    if found.truncated:
        console.print("There are more than are compared: the newest are.", soft_wrap=True)
    _print_table(console, "The machine and examiners", found.machine)
    _print_table(console, "Two examiners, blind", found.examiners)
    _print_groups(console, found.groups)
    _print_drift(console, found.drift)
    console.print(
        "\n! misses ETS's bar. v is more than 0.10 below what examiners reach. [ ] holds what a"
        " figure may be.\nA figure of fewer than 10 answers, or one that can't be told, is left"
        " empty.",
        soft_wrap=True,
    )


def _print_table(console: Console, title: str, table: AgreementTable) -> None:
    rows = [("Overall", table.overall)]
    rows += [(criterion_word(one.criterion), one.agreement) for one in table.criteria]
    shown = _table("", *map(measure_word, _MEASURES))
    for name, agreement in rows:
        shown.add_row(name, str(agreement.answers), *_cells(agreement))
    _print(console, title, shown)


def _print_groups(console: Console, groups: Iterable[AgreementGroup]) -> None:
    shown = _table("Group", *map(measure_word, _MEASURES), "bias")
    for group in groups:
        shown.add_row(
            Text(_group_name(group)),
            str(group.agreement.answers),
            *_cells(group.agreement),
            _bias(group),
        )
    if shown.row_count:
        _print(console, "Groups; bias is how much kinder the machine is than to all", shown)


def _print_drift(console: Console, drift: Iterable[AgreementDrift]) -> None:
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("", "before", "now", "change", "certain"):
        shown.add_column(heading, no_wrap=True)
    for one in drift:
        interval = one.change if one.HasField("change") else None
        shown.add_row(
            measure_word(one.measure),
            f"{one.before:.3f}",
            f"{one.now:.3f}",
            Text(_with_interval(one.now - one.before, interval)),
            "yes" if one.certain else "no",
        )
    if shown.row_count:
        _print(console, "Since the period before", shown)


def _table(*headings: str) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in (headings[0], "n", *headings[1:]):
        shown.add_column(heading, no_wrap=True)
    return shown


def _print(console: Console, title: str, table: Table) -> None:
    console.print(f"\n{title}", soft_wrap=True)
    console.print(table, soft_wrap=True)


def _cells(agreement: Agreement) -> list[Text]:
    found = {one.measure: one for one in agreement.measures}
    return [_cell(found[measure]) if measure in found else Text() for measure in _MEASURES]


def _cell(one: MeasuredAgreement) -> Text:
    text = _with_interval(one.value, one.interval if one.HasField("interval") else None)
    missed = one.HasField("meets_bar") and not one.meets_bar
    behind = one.HasField("near_examiners") and not one.near_examiners
    return Text(f"{text}{' !' * missed}{' v' * behind}", "red" if missed or behind else "")


def _bias(group: AgreementGroup) -> Text:
    if not group.HasField("bias"):
        return Text()
    interval = group.bias_interval if group.HasField("bias_interval") else None
    missed = not group.bias_meets_bar
    return Text(f"{_with_interval(group.bias, interval)}{' !' * missed}", "red" if missed else "")


def _with_interval(value: float, interval: AgreementInterval | None) -> str:
    if interval is None:
        return f"{value:.3f}"
    return f"{value:.3f} [{interval.low:.2f}, {interval.high:.2f}]"


def _group_name(group: AgreementGroup) -> str:
    value = printable(group.value)
    if group.by == AGREEMENT_GROUPING_LABEL:
        return f"{printable(group.label)}={value}"
    if group.by == AGREEMENT_GROUPING_PROMPT and not value:
        value = "none"
    return f"{grouping_word(group.by)} {value}"
