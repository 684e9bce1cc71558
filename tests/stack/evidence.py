"""Evidence that a scripted model gives: filled in from the very answer that it was shown."""

import json
import re
from typing import Any

from tests.stack.provider.answers import Answer
from tests.stack.provider.call import Call

_BLOCK = re.compile(r"^<<<(\w+)\n(.*)\n\1>>>$", re.DOTALL | re.MULTILINE)
_REQUIREMENT = re.compile(r"^(\d+)\. ", re.MULTILINE)


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
    form: dict[str, Any] = {
        "speaks_to_grader": [],
        "answers_task": "yes",
        "sense": "clear",
        "requirements": [
            {"number": number, "met": "fully", "quote": said[number % len(said)]}
            for number in numbers
        ],
        "position": {"held": "mostly", "quote": said[0]},
        "ideas": [
            {"quote": quote, "development": "supported", "support": quote} for quote in said[1:4]
        ],
        "moves": [
            {"move": move, "quote": said[at % len(said)]}
            for at, move in enumerate(("opening", "topic_sentence", "contrast", "summary"))
        ],
        "register": {"fit": "suits", "slips": []},
        "apt_phrases": said[2:4],
        "structures": [
            {"structure": structure, "quote": said[at % len(said)]}
            for at, structure in enumerate(("relative_clause", "conditional", "passive"))
        ],
        "errors": [
            {
                "kind": "article",
                "quote": " ".join(said[0].split()[:2]),
                "correction": "the right words",
                "blocks_meaning": False,
            }
        ],
    }
    asked = call.response_format
    assert asked is not None
    if "feedback" in asked["json_schema"]["schema"]["properties"]:
        form["feedback"] = {
            "strengths": [
                {"criterion": "organization", "text": "The order is clear.", "quote": said[0]}
            ],
            "to_work_on": [
                {"criterion": "grammar", "text": "Look at your articles again.", "quote": ""}
            ],
            "rewrites": [
                {"quote": said[0], "rewrite": "This reads better.", "reason": "It is shorter."}
            ],
        }
    return form | changes


def talked_round(call: Call) -> dict[str, Any]:
    """What a model says that obeys an answer which asks for full marks: all is perfect."""
    said = sentences(shown(call)) or ["."]
    form = evidence_on(call)
    return form | {
        "position": {"held": "throughout", "quote": said[0]},
        "ideas": [
            {"quote": quote, "development": "developed", "support": quote} for quote in said[:8]
        ],
        "moves": [
            {"move": move, "quote": said[at % len(said)]}
            for at, move in enumerate(
                ("opening", "position", "topic_sentence", "sequence", "contrast", "cause",
                 "example", "summary")
            )
        ],
        "apt_phrases": [" ".join(quote.split()[:4]) for quote in said[:12]],
        "structures": [
            {"structure": structure, "quote": said[at % len(said)]}
            for at, structure in enumerate(
                ("relative_clause", "adverbial_clause", "noun_clause", "conditional",
                 "participle_clause", "passive", "perfect", "emphasis")
            )
        ],
        "errors": [],
    }  # fmt: skip


def honest(call: Call) -> Answer:
    """The answer of an honest witness."""
    return Answer(json.dumps(evidence_on(call)))


def obeying(call: Call) -> Answer:
    """The answer of a model that was talked round."""
    return Answer(json.dumps(talked_round(call)))
