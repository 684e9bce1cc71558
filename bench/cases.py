"""Behaviour cases: an answer, and what must come of it, in a file with YAML front matter."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from grading.domain.result import CapReason, Flag
from grading.domain.work import Prompt, WritingTask, WritingWork

#: Names that case files give to the service's own reasons. Sound sentences that say
#: nothing are off topic too, and the service may name either.
_REASONS = {
    "copied_prompt": frozenset({CapReason.COPIED_FROM_PROMPT}),
    "off_topic": frozenset({CapReason.OFF_TOPIC, CapReason.NO_SENSE}),
}
_FLAGS = {"instruction_to_grader": Flag.INSTRUCTIONS_TO_GRADER}


class CaseError(ValueError):
    """A case file cannot be read; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds, ends included."""

    lowest: float
    highest: float

    def holds(self, value: float) -> bool:
        """Tell whether ``value`` lies within."""
        return self.lowest <= value <= self.highest


@dataclass(frozen=True, slots=True)
class Case:
    """A work, and what must come of it; what is None or empty is not looked at."""

    id: str
    work: WritingWork
    #: The unit's score is at most this.
    cap: float | None
    #: The result names one of these.
    reasons: frozenset[CapReason]
    #: The unit's score lies within, and no cap fires.
    band_range: Range | None
    #: 0 to 100.
    confidence_range: Range | None
    #: Exactly these are raised; None where flags are not looked at.
    flags: frozenset[Flag] | None
    #: Whether the job goes to a review.
    review: bool | None


def read_case(file: Path) -> Case:
    """The case in ``file``.

    Raises:
        CaseError: the file has no front matter, or a value of it is wrong.
    """
    try:
        _, head, body = file.read_text(encoding="utf-8").split("---\n", 2)
        facts = yaml.safe_load(head)
        return _case(facts, body.strip())
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise CaseError(f"{file.name}: {type(error).__name__}: {error}") from None


def read_cases(folder: Path) -> tuple[Case, ...]:
    """The cases of all ``.md`` files in ``folder`` that have front matter, by name.

    Raises:
        CaseError: there is none, or one is wrong.
    """
    files = [
        file
        for file in sorted(folder.glob("*.md"))
        if file.read_text(encoding="utf-8").startswith("---\n")
    ]
    if not files:
        raise CaseError(f"there are no cases in {folder}")
    return tuple(read_case(file) for file in files)


def _case(facts: dict[str, Any], answer: str) -> Case:
    expect = facts["expect"]
    cap, flags = expect.get("cap"), facts.get("flags")
    return Case(
        id=str(facts["id"]),
        work=WritingWork(
            WritingTask(facts["task"]),
            answer,
            Prompt(facts["prompt"], tuple(facts.get("requirements") or ())),
        ),
        cap=None if cap is None else float(cap),
        reasons=_reasons(expect.get("reason")),
        band_range=_range(expect.get("band_range")),
        confidence_range=_range(expect.get("confidence_range")),
        flags=None
        if flags is None
        else frozenset(_FLAGS.get(name) or Flag(name) for name in flags),
        review=facts.get("review"),
    )


def _reasons(name: str | None) -> frozenset[CapReason]:
    if name is None:
        return frozenset()
    return _REASONS.get(name) or frozenset({CapReason(name)})


def _range(bounds: list[float] | None) -> Range | None:
    if bounds is None:
        return None
    lowest, highest = bounds
    return Range(float(lowest), float(highest))
