"""What a calibration is worth, for people to read."""

from collections.abc import Iterator, Mapping
from typing import Any

from grading.domain.agreement import ETS_BARS
from workers.calibration.calibrate import COMPARED, EVIDENCE, FEATURES
from workers.calibration.calibrate_speech import COMPARED as COMPARED_OF_SPEECH

_MEASURES = ("qwk", "pearson", "spearman", "smd", "exact", "adjacent")
_TITLES = {
    "uncalibrated": "rubric alone",
    "cross_validated": "calibrated, answers not seen",
    "cross_validated_by_prompt": "calibrated, prompts not seen",
    "cross_validated_by_speaker": "calibrated, speakers not seen",
}
#: The parts of the agreement of each way of scoring, where there are several.
_WAYS = {FEATURES: "features alone", EVIDENCE: "evidence alone", "": "both together"}
_TASKS = {"1": "Task 1, letter", "2": "Task 2, essay"}


def report(content: Mapping[str, Any]) -> str:
    """The agreement that a calibration file tells of, as a table."""
    lines = []
    for heading, part in _parts(content):
        lines += [
            heading,
            *_evidence(part.get("evidence")),
            f"  {'':30}{'n':>6}" + "".join(f"{name:>10}" for name in _MEASURES),
        ]
        for target in part["targets"]:
            lines.append(f"  {target}")
            lines += _compared(part["agreement"], target)
        lines += [f"  {'ETS asks':36}{_cells(ETS_BARS)}", ""]
    lines += [
        "The rubric alone is put on the marks' scale by their mean and deviation, so its smd is",
        "0 and says nothing.",
    ]
    return "\n".join(lines)


def _evidence(told: Mapping[str, Any] | None) -> list[str]:
    if told is None:
        return []
    return [
        f"  evidence of {told['model']} ({told['prompt_version']}, asked as {told['prompt_hash']})"
        f" on {told['answers']} of {told['of']} answers; the others are left out"
    ]


def _compared(agreement: Mapping[str, Any], target: str) -> list[str]:
    lines = []
    several = FEATURES in agreement
    for what in (*COMPARED, *COMPARED_OF_SPEECH[1:]):
        rows = {
            title: (agreement[way] if way else agreement).get(what, {}).get(target)
            for way, title in (_WAYS.items() if several else [("", "")])
        }
        if not any(rows.values()):
            continue
        if several:
            lines.append(f"    {_TITLES[what]}")
        for title, found in rows.items():
            name = f"  {title}" if several else _TITLES[what]
            lines.append(f"    {name:28}{found['n']:>6}" + _cells(found))
    return lines


def _parts(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts that were fitted, each with its heading; those of speaking are one."""
    tasks = content["tasks"]
    first = next(iter(tasks.values()))
    if "speakers" in first:
        yield f"Speaking: {first['answers']} recordings of {first['speakers']} speakers", first
        return
    for task, part in tasks.items():
        yield f"{_TASKS[task]}: {part['answers']} answers to {part['prompts']} prompts", part


def _cells(found: Mapping[str, float | None]) -> str:
    values = (found.get(name) for name in _MEASURES)
    return "".join(f"{value:>10.3f}" if value is not None else f"{'':>10}" for value in values)
