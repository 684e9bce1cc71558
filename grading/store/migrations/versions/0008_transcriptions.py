"""Transcriptions of providers, which use up seconds of sound."""

from alembic import op

revision = "0008"
down_revision = "0007"

CHANGES = """
-- Beside tokens, of which a transcription uses none.
ALTER TABLE provider_answers ADD COLUMN audio_seconds double precision NOT NULL DEFAULT 0;
ALTER TABLE provider_calls ADD COLUMN audio_seconds double precision;
"""


def upgrade() -> None:
    op.execute(CHANGES)
