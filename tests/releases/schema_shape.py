"""What a schema promises to code: columns, their types, and what rows must meet."""

import re
from typing import Any

from tests.stack.postgres import Database

_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable = 'YES' AS nullable,
           column_default IS NOT NULL OR is_identity = 'YES' OR is_generated = 'ALWAYS' AS filled
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    ORDER BY table_name, column_name
"""

# Unique indexes, checks and foreign keys: whatever may refuse a row.
_RULES = """
    SELECT conrelid::regclass::text AS table_name, pg_get_constraintdef(oid) AS rule
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'u', 'x')
    UNION
    SELECT indrelid::regclass::text, regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '')
    FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indisunique AND NOT indisprimary AND relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    ORDER BY 1, 2
"""

_UNIQUE = re.compile(r"UNIQUE \((.*)\)")

Shape = dict[str, Any]


def shape_of(database: Database) -> Shape:
    """Read the shape of a database: ``columns`` by table and name, ``rules`` by table."""
    columns: Shape = {}
    for row in database.rows(_COLUMNS):
        facts = {"type": row["data_type"], "nullable": row["nullable"], "filled": row["filled"]}
        columns.setdefault(row["table_name"], {})[row["column_name"]] = facts
    rules: dict[str, list[str]] = {table: [] for table in columns}
    for row in database.rows(_RULES):
        if row["table_name"] != "alembic_version":
            rules[row["table_name"]].append(row["rule"])
    return {"columns": columns, "rules": rules}


def breaches(before: Shape, after: Shape) -> list[str]:
    """What the code of the schema ``before`` would miss in ``after``."""
    found = []
    for table, columns in before["columns"].items():
        there = after["columns"].get(table, {})
        for name, facts in columns.items():
            if name not in there:
                found.append(f"{table}.{name} is gone")
                continue
            for fact in ("type", "nullable"):
                if there[name][fact] != facts[fact]:
                    found.append(f"{table}.{name}: {fact} was {facts[fact]}")
            if facts["filled"] and not there[name]["filled"]:
                found.append(f"{table}.{name} is not filled in any more")
        for name, facts in there.items():
            if name not in columns and not (facts["nullable"] or facts["filled"]):
                found.append(
                    f"{table}.{name} is new, and code that doesn't know it must fill it in"
                )
        rules = before["rules"][table]
        for rule in after["rules"].get(table, []):
            if rule not in rules and not any(_is_looser(rule, old) for old in rules):
                found.append(f"{table}: new rule {rule}")
    return found


def _is_looser(rule: str, old: str) -> bool:
    """Whether a rule lets in all that an old one did: unique by the same columns and more."""
    one, other = _UNIQUE.fullmatch(rule), _UNIQUE.fullmatch(old)
    return bool(one and other and {*one[1].split(", ")} > {*other[1].split(", ")})
