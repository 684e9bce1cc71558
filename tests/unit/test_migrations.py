"""Migrations add, and take away only what is said to be needed by nobody."""

import pkgutil
import re
from pathlib import Path

import pytest

from grading.store import migrations
from grading.store.migrations import versions

#: The last one that was written before upgrades were to be had without a stop.
FIRST_CHECKED = "0009"
#: Stands in a comment, with the reason why what follows up to an empty line does no harm.
ACCEPTED = "accepted:"

#: What stops the code of the release before, or the service while it runs.
FORBIDDEN = {
    "takes away": r"\bDROP\s+(TABLE|COLUMN|FUNCTION|VIEW|TYPE)\b|(?<!BEFORE )\bTRUNCATE\b",
    "renames": r"\bRENAME\b",
    "changes a type, and writes the table anew": r"\bALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE\b",
    "has a column filled in by code that doesn't know it":
        r"\bADD\s+COLUMN\s+(?![^,;]*\b(DEFAULT|GENERATED)\b)[^,;]*\bNOT\s+NULL\b",
    "refuses rows that were welcome": r"\bALTER\s+COLUMN\s+\w+\s+SET\s+NOT\s+NULL\b"
        r"|\bADD\s+(CONSTRAINT\s+\w+\s+)?(CHECK|UNIQUE|FOREIGN\s+KEY|EXCLUDE)\b",
    "takes a default from code that relies on it": r"\bDROP\s+DEFAULT\b",
    "writes every row in one transaction":
        r"\b(UPDATE|DELETE\s+FROM)\s+(jobs|events|answers|runs|results)\b",
}  # fmt: skip
_INDEX = re.compile(r"\bCREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)\w+\s+ON\s+(\w+)", re.I)
_NEW_TABLE = re.compile(r"\bCREATE\s+TABLE\s+(\w+)", re.I)
_COMMENT = re.compile(r"--[^\n]*")


def faults(migration: str) -> list[str]:
    """What the SQL of a migration does that it shouldn't, but for what is accepted."""
    found = []
    new_tables = set(_NEW_TABLE.findall(migration))
    for paragraph in re.split(r"\n\s*\n", migration):
        if any(ACCEPTED in comment for comment in _COMMENT.findall(paragraph)):
            continue
        for sql in _COMMENT.sub("", paragraph).split(";"):
            found += [what for what, how in FORBIDDEN.items() if re.search(how, sql, re.I)]
            if (index := _INDEX.search(sql)) and index[2] not in new_tables:
                found.append("keeps writers out while an index is built")
    return found


def _later() -> list[str]:
    names = [module.name for module in pkgutil.iter_modules(versions.__path__)]
    return sorted(name for name in names if name[:4] >= FIRST_CHECKED)


@pytest.mark.parametrize("name", _later())
def test_a_migration_adds(name: str) -> None:
    [folder] = migrations.__path__
    assert faults((Path(folder) / "versions" / f"{name}.py").read_text()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE runs",
        "ALTER TABLE runs DROP COLUMN worker",
        "ALTER TABLE outbox RENAME COLUMN sends TO times",
        "ALTER TABLE events ALTER COLUMN progress TYPE numeric",
        "ALTER TABLE jobs ADD COLUMN tenant text NOT NULL",
        "ALTER TABLE jobs ADD COLUMN a text DEFAULT '', ADD COLUMN tenant text NOT NULL",
        "ALTER TABLE jobs ALTER COLUMN late DROP DEFAULT",
        "ALTER TABLE jobs ALTER COLUMN error_reason SET NOT NULL",
        "ALTER TABLE jobs ADD CONSTRAINT few CHECK (attempt < 9)",
        "ALTER TABLE jobs ADD UNIQUE (id, run)",
        "UPDATE jobs SET late = false",
        "CREATE INDEX jobs_late ON jobs (late)",
        "-- It is small.\nCREATE UNIQUE INDEX ON_RUNS ON runs (worker)",
    ],
)
def test_what_does_harm_is_found(sql: str) -> None:
    assert faults(sql)
    assert not faults(f"SELECT 1;\n-- accepted: nobody needs it.\n{sql}")


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE jobs ADD COLUMN tenant text",
        "ALTER TABLE jobs ADD COLUMN tenant text NOT NULL DEFAULT 'default'",
        "CREATE TABLE tokens (id uuid, a text NOT NULL UNIQUE); CREATE INDEX t ON tokens (a)",
        "INSERT INTO purges VALUES ('tokens', '-infinity')",
        "-- Nobody may DROP TABLE jobs.\nSELECT 1",
    ],
)
def test_what_adds_is_left_alone(sql: str) -> None:
    assert faults(sql) == []
