"""Feed keys that go on rising when the database is restored; hints that may be switched off."""

from alembic import op

revision = "0010"
down_revision = "0009"

CHANGES = """
-- The key of whatever this transaction writes, and the key below which all is written.
-- grading.store.origin puts other bodies in their place. They are inlined, and so cost nothing.
CREATE FUNCTION current_feed_key() RETURNS xid8 LANGUAGE sql VOLATILE
    AS 'SELECT pg_current_xact_id()';
CREATE FUNCTION feed_bound() RETURNS xid8 LANGUAGE sql STABLE
    AS 'SELECT pg_snapshot_xmin(pg_current_snapshot())';
ALTER TABLE jobs ALTER COLUMN feed_key SET DEFAULT current_feed_key();
ALTER TABLE events ALTER COLUMN feed_key SET DEFAULT current_feed_key();

-- Hints at a job whose log grew, unless the database or role says: SET grading.notify = off.
-- A transaction that notifies holds a lock while it commits, so that they commit one by one.
CREATE FUNCTION notify_job(job uuid) RETURNS text LANGUAGE sql VOLATILE
    AS $$ SELECT CASE WHEN current_setting('grading.notify', true) IS DISTINCT FROM 'off'
          THEN CAST(pg_notify('job_events', CAST(job AS text)) AS text) END $$;

-- The cluster, database and timeline that the keys were given out by.
CREATE TABLE feed_origin (origin text NOT NULL);

-- A cursor between the two keys was given out in a time that a restore has undone.
CREATE TABLE feed_restores (
    after_key   xid8 PRIMARY KEY,
    before_key  xid8 NOT NULL,
    restored_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    op.execute(CHANGES)
