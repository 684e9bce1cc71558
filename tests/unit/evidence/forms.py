"""Forms that a model filled in."""

from typing import Any

from workers.writing.evidence.form import EvidenceForm

EMPTY: dict[str, Any] = {
    "speaks_to_grader": [],
    "answers_task": "yes",
    "sense": "clear",
    "requirements": [],
    "position": {"held": "none", "quote": ""},
    "ideas": [],
    "moves": [],
    "register": {"fit": "suits", "slips": []},
    "apt_phrases": [],
    "structures": [],
    "errors": [],
}


def form_of(**fields: Any) -> EvidenceForm:
    """A form with nothing in it but ``fields``."""
    return EvidenceForm.model_validate({**EMPTY, **fields})


def error(quote: str, correction: str, kind: str = "agreement", blocks: bool = False) -> Any:
    """An error as a model notes it."""
    return {"kind": kind, "quote": quote, "correction": correction, "blocks_meaning": blocks}
