"""What the previous release needs of the schema, as it was recorded."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.releases.recording import Sent, from_document
from tests.releases.schema_shape import Shape

FOLDER = Path(__file__).parents[1] / "cases" / "releases"


@dataclass(frozen=True)
class Contract:
    """A release's schema, and all that its code sends."""

    #: Of the schema, as the name of its last migration.
    version: str
    shape: Shape
    sent: list[Sent]


def previous_release() -> Contract:
    """The newest release that was recorded."""
    file = max(FOLDER.glob("*.json"))
    document = json.loads(file.read_text())
    return Contract(file.stem, document["shape"], from_document(document["queries"]))
