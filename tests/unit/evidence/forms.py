"""Forms that a model filled in."""

from typing import Any

from workers.speaking.evidence.form import SpokenEvidenceForm
from workers.writing.evidence.form import EvidenceForm

#: What the forms of both skills ask.
_OF_BOTH: dict[str, Any] = {
    "speaks_to_grader": [],
    "answers_task": "yes",
    "requirements": [],
    "ideas": [],
    "moves": [],
    "apt_phrases": [],
    "structures": [],
    "errors": [],
}
EMPTY: dict[str, Any] = {
    **_OF_BOTH,
    "sense": "clear",
    "position": {"held": "none", "quote": ""},
    "register": {"fit": "suits", "slips": []},
}
_SPOKEN: dict[str, Any] = {
    **_OF_BOTH,
    "coherence": "clear",
    "stance": {"held": "none", "quote": "", "reasons": [], "against_others": []},
}


def form_of(**fields: Any) -> EvidenceForm:
    """A form with nothing in it but ``fields``."""
    return EvidenceForm.model_validate({**EMPTY, **fields})


def spoken_form_of(**fields: Any) -> SpokenEvidenceForm:
    """The same about a spoken answer."""
    return SpokenEvidenceForm.model_validate({**_SPOKEN, **fields})


def error(quote: str, correction: str, kind: str = "agreement", blocks: bool = False) -> Any:
    """An error as a model notes it."""
    return {"kind": kind, "quote": quote, "correction": correction, "blocks_meaning": blocks}
