"""What the runbook tells to ask of the database can be asked of it."""

import re

import pytest
from sqlalchemy import Connection, text

from tests.stack.process import CHECKOUT

QUERIES = re.findall(
    r"^```sql\n(.*?)^```", (CHECKOUT / "docs/runbook.md").read_text(), re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize("query", QUERIES)
def test_the_database_answers(conn: Connection, query: str) -> None:
    conn.execute(text(query))
