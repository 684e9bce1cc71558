"""The grader, loaded once for all tests of writing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from grading.domain.job import JobStage
from grading.domain.result import GradingResult
from grading.domain.work import Prompt, WritingTask, WritingWork
from workers.writing.embedded import EmbeddedWritingGrader

CASES = Path(__file__).parents[2] / "cases" / "writing"

Grade = Callable[[WritingWork], GradingResult]


@dataclass(frozen=True, slots=True)
class Case:
    """A behaviour case: a work, and what must come of it."""

    work: WritingWork
    expect: dict[str, Any]
    flags: tuple[str, ...]


def read_case(name: str) -> Case:
    """The case in the front-matter file ``name``."""
    _, head, body = (CASES / f"{name}.md").read_text(encoding="utf-8").split("---\n", 2)
    facts = yaml.safe_load(head)
    prompt = Prompt(facts["prompt"], tuple(facts["requirements"]))
    work = WritingWork(WritingTask(facts["task"]), body.strip(), prompt)
    return Case(work, facts["expect"], tuple(facts.get("flags", ())))


def quiet(stage: JobStage, progress: float, message: str) -> None:
    """A report that goes nowhere."""
    del stage, progress, message


@pytest.fixture(scope="session")
def grader() -> EmbeddedWritingGrader:
    return EmbeddedWritingGrader.load()


@pytest.fixture(scope="session")
def grade(grader: EmbeddedWritingGrader) -> Grade:
    return lambda work: grader.grade(work, quiet)


@pytest.fixture(scope="session")
def case() -> Callable[[str], Case]:
    return read_case


def all_cases() -> list[str]:
    """The names of all cases."""
    return sorted(path.stem for path in CASES.glob("*.md"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case_name" in metafunc.fixturenames:
        metafunc.parametrize("case_name", all_cases())
