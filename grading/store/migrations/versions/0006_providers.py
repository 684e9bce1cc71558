"""Answers of models, kept so that none is paid for twice; what was called, and what it cost."""

from alembic import op

revision = "0006"
down_revision = "0005"

CHANGES = """
-- What a model answered about a job. A later run of the job reads it instead of asking again.
CREATE TABLE provider_answers (
    job_id            uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    stage             text NOT NULL,
    prompt_hash       text NOT NULL,
    model             text NOT NULL,
    content           text NOT NULL,
    prompt_tokens     integer NOT NULL,
    cached_tokens     integer NOT NULL,
    completion_tokens integer NOT NULL,
    cost              numeric,
    created_at        timestamptz NOT NULL,
    PRIMARY KEY (job_id, stage, prompt_hash)
);

-- Every call that was made for a job, whatever came of it. Holds nothing of the answer.
CREATE TABLE provider_calls (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id            uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    run               integer NOT NULL,
    stage             text NOT NULL,
    provider          text NOT NULL,
    model             text NOT NULL,
    outcome           text NOT NULL,
    prompt_tokens     integer,
    cached_tokens     integer,
    completion_tokens integer,
    cost              numeric,
    duration          interval NOT NULL,
    ended_at          timestamptz NOT NULL
);
CREATE INDEX provider_calls_job ON provider_calls (job_id, id);

-- What models cost in a calendar month (UTC), in US dollars. Outlives the jobs.
CREATE TABLE spending (
    month date PRIMARY KEY,
    cost  numeric NOT NULL
) WITH (fillfactor = 50);

-- A bucket that each call pours its tokens into, and that drains at the rate allowed.
CREATE TABLE token_buckets (
    name      text PRIMARY KEY,
    tokens    double precision NOT NULL,
    filled_at timestamptz NOT NULL
) WITH (fillfactor = 50);
"""


def upgrade() -> None:
    op.execute(CHANGES)
