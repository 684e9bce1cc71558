"""What PostgreSQL says of a row it refuses holds the row; what is logged of that doesn't."""

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from grading.private_traceback import private_traceback

MARK = "a learner's private words"


def test_a_row_that_is_refused_is_not_told(conn: Connection) -> None:
    with pytest.raises(IntegrityError) as caught:
        conn.execute(text("INSERT INTO answers (text) VALUES (:text)"), {"text": MARK})
    assert MARK in str(caught.value)  # this is why
    told = private_traceback((type(caught.value), caught.value, caught.value.__traceback__))
    assert MARK not in told
    assert "NotNullViolation [23502]" in told
