"""Results that a person has to look at; the language of the feedback; where purges stopped."""

from alembic import op

revision = "0005"
down_revision = "0004"

CHANGES = """
ALTER TABLE jobs ADD COLUMN review_priority text;
ALTER TABLE jobs ADD COLUMN review_reasons text[] NOT NULL DEFAULT '{}';
ALTER TABLE results ADD COLUMN audit boolean NOT NULL DEFAULT false;
ALTER TABLE answers ADD COLUMN feedback_language text NOT NULL DEFAULT 'en';

-- Of jobs that ended up to this moment, nothing of the kind is left.
CREATE TABLE purges (kind text PRIMARY KEY, ended_at timestamptz NOT NULL);
INSERT INTO purges VALUES ('events', '-infinity'), ('answers', '-infinity');
"""


def upgrade() -> None:
    op.execute(CHANGES)
