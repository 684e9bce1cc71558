"""SECURITY.md names tests that there are."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
#: A file, or a test; a test that follows one in the same cell may leave the file out.
_NAMED = re.compile(r"`((?:tests|\.ci)/[\w./*-]+|requirements\.lock|…)(?:::(test_\w+))?`")


def test_each_threat_is_held_by_something_that_there_is() -> None:
    page = (CHECKOUT / "SECURITY.md").read_text("utf-8")
    threats = page.partition("## Threats")[2]
    rows = [line for line in threats.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 20
    file = ""
    for row in rows:
        named = _NAMED.findall(row.rpartition(" | ")[2])
        assert named, row
        for path, test in named:
            file = file if path == "…" else path
            found = list(CHECKOUT.glob(file))
            assert found, row
            assert not test or f"def {test}(" in found[0].read_text("utf-8"), row
