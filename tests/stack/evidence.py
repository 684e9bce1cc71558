"""Evidence that a scripted model gives: filled in from the very answer that it was shown."""

import json
import re
from collections.abc import Sequence
from typing import Any

from tests.stack.provider.answers import Answer
from tests.stack.provider.call import Call

_BLOCK = re.compile(r"^<<<(\w+)\n(.*)\n\1>>>$", re.DOTALL | re.MULTILINE)
_REQUIREMENT = re.compile(r"^(\d+)\. ", re.MULTILINE)

#: The steps that the forms of writing and of speaking know, in the order of an answer.
_MOVES = (
    "opening", "position", "topic_sentence", "sequence", "contrast", "cause", "example", "summary",
)  # fmt: skip
_SPOKEN_MOVES = (
    "opening", "choice", "new_point", "sequence", "contrast", "cause", "example", "summary",
)  # fmt: skip
_STRUCTURES = (
    "relative_clause", "adverbial_clause", "noun_clause", "conditional", "participle_clause",
    "passive", "perfect", "emphasis",
)  # fmt: skip


def shown(call: Call) -> str:
    """The answer that the model was shown, between its marks."""
    block = _BLOCK.search(call.messages[-1]["content"])
    assert block is not None
    return block[2]


def sentences(text: str) -> list[str]:
    """The sentences of a text, about."""
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if len(part.split()) > 3]


def evidence_on(call: Call, **changes: Any) -> dict[str, Any]:
    """What an honest witness might see in a decent answer; ``changes`` go before it."""
    said = sentences(shown(call)) or ["."]
    before = call.messages[-1]["content"].partition("<<<")[0]
    numbers = [int(found) for found in _REQUIREMENT.findall(before.partition("Requirements:")[2])]
    moves = [_moves(call)[at] for at in (0, 2, 4, 7)]
    form: dict[str, Any] = {
        "speaks_to_grader": [],
        "answers_task": "yes",
        "requirements": [
            {"number": number, "met": "fully", "quote": said[number % len(said)]}
            for number in numbers
        ],
        "ideas": [
            {"quote": quote, "development": "supported", "support": quote} for quote in said[1:4]
        ],
        "moves": _quoted("move", moves, said),
        "apt_phrases": said[2:4],
        "structures": _quoted("structure", ("relative_clause", "conditional", "passive"), said),
        "errors": [
            {
                "kind": "article",
                "quote": " ".join(said[0].split()[:2]),
                "correction": "the right words",
                "blocks_meaning": False,
            }
        ],
    }
    if _is_spoken(call):
        form["coherence"] = "clear"
        form["stance"] = {
            "held": "mostly", "quote": said[0], "reasons": said[1:3], "against_others": said[-1:],
        }  # fmt: skip
    else:
        form["sense"] = "clear"
        form["position"] = {"held": "mostly", "quote": said[0]}
        form["register"] = {"fit": "suits", "slips": []}
    if "feedback" in _fields(call):
        form["feedback"] = _feedback(said, is_spoken=_is_spoken(call))
    return form | changes


def talked_round(call: Call) -> dict[str, Any]:
    """What a model says that obeys an answer which asks for full marks: all is perfect."""
    said = sentences(shown(call)) or ["."]
    form = evidence_on(call) | {
        "ideas": [
            {"quote": quote, "development": "developed", "support": quote} for quote in said[:8]
        ],
        "moves": _quoted("move", _moves(call), said),
        "apt_phrases": [" ".join(quote.split()[:4]) for quote in said[:12]],
        "structures": _quoted("structure", _STRUCTURES, said),
        "errors": [],
    }
    if _is_spoken(call):
        form["stance"] = {
            "held": "throughout", "quote": said[0], "reasons": said, "against_others": said,
        }  # fmt: skip
    else:
        form["position"] = {"held": "throughout", "quote": said[0]}
    return form


def honest(call: Call) -> Answer:
    """The answer of an honest witness."""
    return Answer(json.dumps(evidence_on(call)))


def obeying(call: Call) -> Answer:
    """The answer of a model that was talked round."""
    return Answer(json.dumps(talked_round(call)))


def _fields(call: Call) -> dict[str, Any]:
    asked = call.response_format
    assert asked is not None
    fields: dict[str, Any] = asked["json_schema"]["schema"]["properties"]
    return fields


def _is_spoken(call: Call) -> bool:
    return "stance" in _fields(call)


def _moves(call: Call) -> Sequence[str]:
    return _SPOKEN_MOVES if _is_spoken(call) else _MOVES


def _quoted(name: str, kinds: Sequence[str], said: Sequence[str]) -> list[dict[str, str]]:
    """Each kind with one sentence after the other."""
    return [{name: kind, "quote": said[at % len(said)]} for at, kind in enumerate(kinds)]


def _feedback(said: Sequence[str], *, is_spoken: bool) -> dict[str, Any]:
    order = "discourse_management" if is_spoken else "organization"
    return {
        "strengths": [{"criterion": order, "text": "The order is clear.", "quote": said[0]}],
        "to_work_on": [
            {"criterion": "grammar", "text": "Look at your articles again.", "quote": ""}
        ],
        "rewrites": [
            {"quote": said[0], "rewrite": "This reads better.", "reason": "It is shorter."}
        ],
    }
