"""Results and outcomes as the JSON that their columns hold."""

from typing import Any

from pydantic import TypeAdapter

from grading.domain.result import Outcome
from grading.store.records import Failure, ResultSummary

_RESULT: TypeAdapter[Outcome] = TypeAdapter(Outcome)
_OUTCOME = TypeAdapter(ResultSummary | Failure)


def result_to_json(result: Outcome) -> str:
    """Write a result; its scores become strings, so that none of them is rounded."""
    return _RESULT.dump_json(result).decode()


def result_from_document(document: Any) -> Outcome:
    """Read a result."""
    return _RESULT.validate_python(document)


def outcome_to_json(outcome: ResultSummary | Failure) -> str:
    """Write how a job ended."""
    return _OUTCOME.dump_json(outcome).decode()


def outcome_from_document(document: Any) -> ResultSummary | Failure | None:
    """Read how a job ended."""
    return None if document is None else _OUTCOME.validate_python(document)
