"""What a calibration is worth, for people to read."""

from collections.abc import Mapping
from typing import Any

from grading.domain.agreement import ETS_BARS
from workers.calibration.calibrate import COMPARED

_MEASURES = ("qwk", "pearson", "spearman", "smd", "exact", "adjacent")
_TITLES = {
    "uncalibrated": "rubric alone",
    "cross_validated": "calibrated, answers not seen",
    "cross_validated_by_prompt": "calibrated, prompts not seen",
}
_TASKS = {"1": "Task 1, letter", "2": "Task 2, essay"}


def report(content: Mapping[str, Any]) -> str:
    """The agreement that a calibration file tells of, as a table."""
    lines = []
    for task, part in content["tasks"].items():
        lines += [
            f"{_TASKS[task]}: {part['answers']} answers to {part['prompts']} prompts",
            f"  {'':30}{'n':>6}" + "".join(f"{name:>10}" for name in _MEASURES),
        ]
        for target in part["targets"]:
            lines.append(f"  {target}")
            for what in COMPARED:
                found = part["agreement"][what].get(target)
                if found:
                    lines.append(f"    {_TITLES[what]:28}{found['n']:>6}" + _cells(found))
        lines += [f"  {'ETS asks':36}{_cells(ETS_BARS)}", ""]
    lines += [
        "The rubric alone is put on the marks' scale by their mean and deviation, so its smd is",
        "0 and says nothing.",
    ]
    return "\n".join(lines)


def _cells(found: Mapping[str, float | None]) -> str:
    values = (found.get(name) for name in _MEASURES)
    return "".join(f"{value:>10.3f}" if value is not None else f"{'':>10}" for value in values)
