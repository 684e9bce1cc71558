"""Behaviour cases of speech: a recording and what must come of it, listed in ``cases.yaml``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.cases import CaseError, Range
from grading.domain.audio import AudioProblem
from grading.domain.result import CapReason
from grading.domain.work import Prompt, SpeakingPart, SpeakingWork

#: The list of a folder's cases.
LIST = "cases.yaml"
#: Problems that a list may sum up under one name: a recording that breaks off is one that
#: can't be decoded.
_PROBLEMS = {"undecodable": frozenset({AudioProblem.UNDECODABLE, AudioProblem.TRUNCATED})}


@dataclass(frozen=True, slots=True)
class Expectation:
    """One way a case may end; what is None or False is not looked at."""

    not_assessable: bool
    #: The recording is refused for one of these.
    problems: frozenset[AudioProblem]
    #: The unit's score is at most this.
    cap: float | None
    #: The result names this cap.
    reason: CapReason | None
    #: It is graded, and not held down for its length.
    graded: bool
    score_range: Range | None
    #: Whether the job goes to a review.
    review: bool | None


@dataclass(frozen=True, slots=True)
class SpeechCase:
    """A recording, and the ways it may end: one of them must hold."""

    id: str
    work: SpeakingWork
    any_of: tuple[Expectation, ...]


def read_speech_cases(folder: Path) -> tuple[SpeechCase, ...]:
    """The cases that ``cases.yaml`` of ``folder`` lists.

    Raises:
        CaseError: there is none, or one is wrong.
        OSError: the list can't be read.
    """
    try:
        entries = yaml.safe_load((folder / LIST).read_text(encoding="utf-8"))
        cases = tuple(_case(folder, entry) for entry in entries or ())
    except (AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise CaseError(f"{LIST}: {type(error).__name__}: {error}") from None
    if not cases:
        raise CaseError(f"there are no cases in {folder}")
    return cases


def _case(folder: Path, entry: dict[str, Any]) -> SpeechCase:
    expect = entry["expect"]
    ways = expect.get("any_of") or [expect]
    prompt = Prompt(str(entry.get("prompt", "")), tuple(entry.get("requirements") or ()))
    work = SpeakingWork(SpeakingPart(entry["part"]), folder / entry["file"], prompt)
    return SpeechCase(str(entry["id"]), work, tuple(map(_expectation, ways)))


def _expectation(way: dict[str, Any]) -> Expectation:
    known = {"not_assessable", "error", "cap", "reason", "graded", "score_range", "review"}
    if unknown := sorted(set(way) - known):
        raise ValueError(f"unknown expectation {unknown[0]!r}")
    bounds = way.get("score_range")
    return Expectation(
        not_assessable=bool(way.get("not_assessable")),
        problems=_problems(way.get("error")),
        cap=None if way.get("cap") is None else float(way["cap"]),
        reason=None if way.get("reason") is None else CapReason(way["reason"]),
        graded=bool(way.get("graded")),
        score_range=None if bounds is None else Range(float(bounds[0]), float(bounds[1])),
        review=way.get("review"),
    )


def _problems(name: str | None) -> frozenset[AudioProblem]:
    if name is None:
        return frozenset()
    return _PROBLEMS.get(name) or frozenset({AudioProblem(name)})
