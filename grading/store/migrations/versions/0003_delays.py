"""Jobs that wait longer than they should: a flag, the event that says so, and what tells."""

from alembic import op

revision = "0003"
down_revision = "0002"

CHANGES = """
ALTER TABLE jobs ADD COLUMN delayed boolean NOT NULL DEFAULT false;
ALTER TABLE events ADD COLUMN delayed boolean NOT NULL DEFAULT false;

-- How many jobs the worker grades at a time.
ALTER TABLE workers ADD COLUMN slots integer NOT NULL DEFAULT 1;

-- A job's place in its queue is that of its acceptance, also when it is retried.
ALTER TABLE outbox RENAME COLUMN created_at TO accepted_at;
ALTER TABLE outbox ADD COLUMN delayed boolean NOT NULL DEFAULT false;
CREATE INDEX outbox_in_time ON outbox (queue, accepted_at) WHERE NOT delayed;
"""


def upgrade() -> None:
    op.execute(CHANGES)
