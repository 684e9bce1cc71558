"""Which trace a job belongs to."""

from alembic import op

revision = "0011"
down_revision = "0010"

CHANGES = """
-- Of the call that submitted the job, as W3C's Trace Context writes it.
ALTER TABLE jobs ADD COLUMN traceparent text;
"""


def upgrade() -> None:
    op.execute(CHANGES)
