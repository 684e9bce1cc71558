"""Answers that break the schema they were asked for."""

from pydantic import ValidationError


def places_of(error: ValidationError) -> str:
    """Where an answer differs from the schema: names of ours alone, as a key may be anything."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    kinds = sorted({fault["type"] for fault in faults})
    return f"{len(faults)} places break the schema: {', '.join(kinds)}"
