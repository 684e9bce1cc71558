"""Criteria, and the places of an answer that speak for a score."""

from dataclasses import dataclass
from enum import StrEnum


class Criterion(StrEnum):
    """What a criterion score is given for."""

    TASK_FULFILLMENT = "task_fulfillment"
    ORGANIZATION = "organization"
    VOCABULARY = "vocabulary"
    GRAMMAR = "grammar"


@dataclass(frozen=True, slots=True)
class Quote:
    """Characters ``start`` to ``end`` (exclusive, code points) of the answer as submitted."""

    text: str
    start: int
    end: int
