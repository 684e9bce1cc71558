"""Listing jobs by any filter without reading past those it leaves out."""

from alembic import op

revision = "0004"
down_revision = "0003"

CHANGES = """
-- The state, with those in which a worker holds the job as one. An index may name
-- it: it changes only when the lease or the end does, which indexes name anyway,
-- so the updates within a run stay HOT.
ALTER TABLE jobs ADD COLUMN phase text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN state IN ('processing', 'analyzing', 'grading') THEN 'running' ELSE state END
) STORED;
CREATE INDEX jobs_phase ON jobs (skill, phase, id);

CREATE INDEX jobs_user ON jobs (user_id, id);

-- The same three columns, but a submission is found without its user as well.
ALTER TABLE jobs ADD CONSTRAINT jobs_submission_key UNIQUE (submission_id, user_id, attempt);
ALTER TABLE jobs DROP CONSTRAINT jobs_attempt_key;
"""


def upgrade() -> None:
    op.execute(CHANGES)
