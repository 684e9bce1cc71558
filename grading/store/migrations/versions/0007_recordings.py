"""Recordings, and the answers that name them."""

from alembic import op

revision = "0007"
down_revision = "0006"

CHANGES = """
-- The bytes lie in the store of recordings under "key".
CREATE TABLE recordings (
    id         uuid PRIMARY KEY,
    user_id    text NOT NULL,
    key        text NOT NULL UNIQUE,
    container  text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256     bytea NOT NULL,
    created_at timestamptz NOT NULL,
    stored_at  timestamptz,
    -- Until then it is kept although no answer names it.
    wanted_until timestamptz NOT NULL
);
CREATE INDEX recordings_wanted_until ON recordings (wanted_until);

-- Their rows are gone, and their bytes are to follow.
CREATE TABLE condemned_recordings (
    key          text PRIMARY KEY,
    condemned_at timestamptz NOT NULL
);

ALTER TABLE jobs ADD COLUMN speaking_part smallint;
ALTER TABLE answers ADD COLUMN recording_id uuid REFERENCES recordings;
ALTER TABLE answers ADD COLUMN audio_url text;
-- A recording with nothing to grade in it has a result without a score.
ALTER TABLE results ALTER COLUMN score DROP NOT NULL;
ALTER TABLE results ALTER COLUMN band DROP NOT NULL;
CREATE INDEX answers_recording ON answers (recording_id) WHERE recording_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(CHANGES)
