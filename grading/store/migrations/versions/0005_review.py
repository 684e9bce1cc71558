"""Results that a person has to look at; the language of the feedback."""

from alembic import op

revision = "0005"
down_revision = "0003"

CHANGES = """
ALTER TABLE jobs ADD COLUMN review_priority text;
ALTER TABLE jobs ADD COLUMN review_reasons text[] NOT NULL DEFAULT '{}';
ALTER TABLE results ADD COLUMN audit boolean NOT NULL DEFAULT false;
ALTER TABLE answers ADD COLUMN feedback_language text NOT NULL DEFAULT 'en';
"""


def upgrade() -> None:
    op.execute(CHANGES)
