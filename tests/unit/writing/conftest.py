"""The grader, loaded once for all tests of writing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.cases import Case, read_case
from grading.domain.result import GradingResult
from grading.domain.work import WritingWork
from workers.unwatched_run import UnwatchedRun
from workers.writing.embedded import EmbeddedWritingGrader

CASES = Path(__file__).parents[2] / "cases" / "writing"

Grade = Callable[[WritingWork], GradingResult]


@pytest.fixture(scope="session")
def grader() -> EmbeddedWritingGrader:
    return EmbeddedWritingGrader.load()


@pytest.fixture(scope="session")
def grade(grader: EmbeddedWritingGrader) -> Grade:
    return lambda work: grader.grade(work, UnwatchedRun())


@pytest.fixture(scope="session")
def case() -> Callable[[str], Case]:
    return lambda name: read_case(CASES / f"{name}.md")


def all_cases() -> list[str]:
    """The names of all cases."""
    return sorted(path.stem for path in CASES.glob("*.md"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case_name" in metafunc.fixturenames:
        metafunc.parametrize("case_name", all_cases())
