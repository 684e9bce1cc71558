"""Essays whose marks fall with their errors, and a model that sees just these errors."""

import csv
import json
import re
from pathlib import Path
from random import Random
from typing import Any

from grading.domain.mark_scale import MarkScale
from tests.stack.evidence import evidence_on, shown
from tests.stack.provider.answers import Answer, Usage
from tests.stack.provider.call import Call

SCALE = MarkScale(0, 10, 0.5)
#: What a call uses up.
USAGE = Usage(prompt_tokens=1000, completion_tokens=500)
_PLACES = (
    "market library harbour museum station garden stadium bakery village factory college theatre"
    " kitchen bridge forest island temple office hotel school"
).split()
_KINDS = "old quiet busy small famous modern distant lovely crowded empty narrow bright".split()
_WRONG = re.compile(r"\b(?:She|He) go\b")


def essay(number: int) -> str:
    """An essay of twelve different sentences, up to eight of them wrong, by its number."""
    wrong = number % 9
    chance = Random(number)
    said = []
    for at in range(12):
        places, kinds = chance.sample(_PLACES, 5), chance.sample(_KINDS, 5)
        seen = [f"{kind} {place}" for kind, place in zip(kinds, places, strict=True)]
        who = ("She", "He")[at % 2]
        said.append(
            f"{who} {'go' if at < wrong else 'goes'} past the {seen[0]} and a {seen[1]} near the"
            f" {seen[2]} because every {seen[3]} looks like some {seen[4]}."
        )
    return " ".join(said)


def mark(number: int) -> float:
    """The mark of an essay."""
    return 9.0 - number % 9 * 0.5


def write_marks(file: Path, count: int) -> Path:
    """A file of so many marked essays on six prompts."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["full_text", "prompt", "overall", "grammar"])
        for number in range(count):
            rows.writerow([essay(number), f"Weather {number % 6}", mark(number), mark(number)])
    return file


def witness(call: Call) -> Answer:
    """A model that sees every error of an essay."""
    return Answer(json.dumps(seen_in(call)), usage=USAGE)


def seen_in(call: Call, **changes: Any) -> dict[str, Any]:
    """What it sees."""
    errors = [
        {
            "kind": "agreement",
            "quote": found[0],
            "correction": f"{found[0]}es",
            "blocks_meaning": False,
        }
        for found in _WRONG.finditer(shown(call))
    ]
    return evidence_on(call, errors=errors, **changes)
