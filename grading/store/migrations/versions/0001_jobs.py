"""Jobs, their answers, runs, events, results; the outbox; the workers' signs of life."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE jobs (
    id               uuid PRIMARY KEY,
    request_id       uuid NOT NULL CONSTRAINT jobs_request_id_key UNIQUE,
    payload_hash     bytea NOT NULL,
    user_id          text NOT NULL,
    submission_id    text NOT NULL,
    attempt          integer NOT NULL,
    skill            text NOT NULL,
    writing_task     smallint,
    state            text NOT NULL,
    progress         double precision NOT NULL DEFAULT 0,
    run              integer NOT NULL DEFAULT 0,
    retries          integer NOT NULL DEFAULT 0,
    last_sequence    bigint NOT NULL,
    lease_expires_at timestamptz,
    next_run_at      timestamptz,
    accepted_at      timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    deadline_at      timestamptz NOT NULL,
    ended_at         timestamptz,
    error_reason     text,
    error_message    text,
    CONSTRAINT jobs_attempt_key UNIQUE (user_id, submission_id, attempt)
) WITH (fillfactor = 80);

-- No index names "state": a change of state then touches none of them (HOT).
CREATE INDEX jobs_lease ON jobs (lease_expires_at) WHERE lease_expires_at IS NOT NULL;
CREATE INDEX jobs_next_run ON jobs (next_run_at) WHERE next_run_at IS NOT NULL;
CREATE INDEX jobs_deadline ON jobs (deadline_at) WHERE ended_at IS NULL;

CREATE TABLE answers (
    job_id       uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    prompt       text NOT NULL,
    requirements jsonb NOT NULL,
    text         text NOT NULL
);

CREATE TABLE runs (
    job_id        uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    run           integer NOT NULL,
    worker        text NOT NULL,
    claimed_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    outcome       text,
    error_reason  text,
    error_message text,
    PRIMARY KEY (job_id, run)
);

CREATE TABLE events (
    job_id     uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    sequence   bigint NOT NULL,
    run        integer NOT NULL,
    state      text NOT NULL,
    stage      text NOT NULL,
    progress   double precision NOT NULL,
    message    text NOT NULL,
    outcome    jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (job_id, sequence)
);

-- One row for each job that wants a worker; a claim removes it.
CREATE TABLE outbox (
    job_id     uuid PRIMARY KEY,
    queue      text NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at    timestamptz,
    sends      integer NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE INDEX outbox_unsent ON outbox (queue, created_at) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (queue, sent_at) WHERE sent_at IS NOT NULL;

CREATE TABLE results (
    job_id           uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    run              integer NOT NULL,
    score            numeric(3, 1) NOT NULL,
    band             text NOT NULL,
    document         jsonb NOT NULL,
    grading_duration interval NOT NULL,
    created_at       timestamptz NOT NULL
);

CREATE TABLE workers (
    name       text PRIMARY KEY,
    queues     text[] NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL
);
"""


def upgrade() -> None:
    op.execute(TABLES)
