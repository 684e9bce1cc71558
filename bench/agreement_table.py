"""Agreement for people to read."""

from typing import Any

from bench.agreement_scores import EVIDENCE, FEATURES
from grading.domain.agreement import ETS_BARS
from workers.calibration.marks import MarkSheet

_MEASURES = ("qwk", "pearson", "spearman", "smd", "exact", "adjacent")
_HEAD = f"{'':14}{'n':>6}" + "".join(f"{name:>10}" for name in _MEASURES)


def table(found: dict[str, Any], sheet: MarkSheet) -> str:
    """The measures, ETS's bars, and what chance moves the overall ones by."""
    lines = [
        f"Agreement with marks from {sheet.scale}",
        f"Calibration: {found['calibration'] or 'none; scores put on the scale by mean and sd'}",
        *_model(found),
        "",
        _HEAD,
        *_rows(found),
    ]
    for name in (FEATURES, EVIDENCE):
        if name in found:
            lines += ["", f"{name} alone, put on the scale by mean and sd", *_rows(found[name])]
    for name, intervals in found["intervals"].items():
        if name == "overall":
            ends = [{key: pair[at] for key, pair in intervals.items()} for at in (0, 1)]
            lines += ["", *(f"{'95 % interval':20}{_cells(end)}" for end in ends)]
    lines.append(f"{'ETS asks':20}{_cells(dict(ETS_BARS))}")
    lines += [
        "",
        "ETS's bars are meant for scales of about six marks; on finer ones exact and adjacent",
        "(at most one step apart) come out lower. |smd| may be at most its bar.",
    ]
    return "\n".join(lines)


def _rows(found: dict[str, Any]) -> list[str]:
    rows = {"overall": found["overall"], **found["traits"]}
    return [
        f"{name:14}{measured['n']:>6}" + _cells(measured)
        for name, measured in rows.items()
        if measured
    ]


def _model(found: dict[str, Any]) -> list[str]:
    """What was asked of a model, and what became of it; nothing where none was."""
    if "model" not in found:
        return []
    answers, tokens, cost = found["answers"], found["tokens"], found["cost"]
    faults = ", ".join(f"{code} {count}" for code, count in answers["faults"].items())
    left_out = f"left out: {answers['left_out']}"
    if why := "; ".join(filter(None, (answers["cap"] and f"{answers['cap']} is reached", faults))):
        left_out += f" ({why})"
    return [
        f"Evidence: {found['model']}, prompt {found['prompt']}",
        f"Answers: {answers['graded']} of {answers['given']}; {left_out};"
        f" scored without evidence: {answers['without_evidence']}, disputed: {answers['disputed']}",
        f"Tokens: {tokens['prompt']} asked ({tokens['cached']} cached),"
        f" {tokens['completion']} answered" + ("" if cost is None else f"; ${cost:.4f}"),
    ]


def _cells(measured: dict[str, Any]) -> str:
    values = (measured.get(name) for name in _MEASURES)
    return "".join(f"{value:>10.3f}" if value is not None else f"{'':>10}" for value in values)
