"""One order over all jobs' events for the feed; late results, retries by hand, erasure."""

from alembic import op

revision = "0002"
down_revision = "0001"

CHANGES = """
-- An event's place in the feed. It is no smaller than the id of the transaction
-- that wrote it, and never falls within a job.
ALTER TABLE jobs ADD COLUMN feed_key xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE events ADD COLUMN feed_key xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX events_feed ON events (feed_key, job_id, sequence);

-- Events up to this key may have been purged: an older cursor can't go on.
CREATE TABLE feed_horizon (purged_key xid8 NOT NULL);
INSERT INTO feed_horizon VALUES ('0');

ALTER TABLE jobs ADD COLUMN late boolean NOT NULL DEFAULT false;
ALTER TABLE jobs ADD COLUMN retry_of uuid;
ALTER TABLE results ADD COLUMN late boolean NOT NULL DEFAULT false;

CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE deletions (
    job_id        uuid PRIMARY KEY,
    submission_id text NOT NULL,
    attempt       integer NOT NULL,
    state         text NOT NULL,
    accepted_at   timestamptz NOT NULL,
    deleted_at    timestamptz NOT NULL
);
"""


def upgrade() -> None:
    op.execute(CHANGES)
