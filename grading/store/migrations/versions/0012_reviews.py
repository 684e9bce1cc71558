"""Reviews: who holds them, the examiners' marks, the trail of what was done."""

from alembic import op

revision = "0012"
down_revision = "0011"

CHANGES = """
-- accepted: the results that wait for an examiner, most urgent first. An update within a run
-- changes none of the columns, so it stays HOT. Rows can't be written while it is built: see 0009.
CREATE INDEX jobs_review ON jobs (
    tenant,
    (CASE review_priority WHEN 'critical' THEN 0 WHEN 'high' THEN 1 ELSE 2 END),
    id
) WHERE phase = 'review_required';

-- Whose marks the result is that is given out. Servers of the release before this one don't
-- know the column, and give the same result out: it is in the row that they read.
ALTER TABLE results ADD COLUMN scored_by text NOT NULL DEFAULT 'machine';

-- One for each held result that an examiner has looked at. Workers of the release before
-- make none, and need not: who first looks at a held result makes it.
CREATE TABLE reviews (
    job_id           uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    tenant           text NOT NULL,
    priority         text NOT NULL,
    reasons          text[] NOT NULL,
    opened_at        timestamptz NOT NULL,
    double_marked    boolean NOT NULL,
    -- A third examiner decides between two.
    adjudication     boolean NOT NULL DEFAULT false,
    -- The claim: a lease like a worker's, whose number is its fencing token.
    holder           text,
    claim            integer NOT NULL DEFAULT 0,
    claim_expires_at timestamptz,
    -- The examiners whose marks are in, in their order.
    marked_by        text[] NOT NULL DEFAULT '{}',
    -- The machine's result; the one that is given out takes its place in "results".
    machine          jsonb NOT NULL,
    machine_score    numeric(3, 1),
    machine_band     text,
    machine_at       timestamptz NOT NULL,
    -- What the examiners' marks came to, once they are all in.
    examiner         jsonb,
    examiner_score   numeric(3, 1),
    scored_by        text,
    finished_at      timestamptz
) WITH (fillfactor = 80);
CREATE INDEX reviews_claim ON reviews (claim_expires_at) WHERE holder IS NOT NULL;
CREATE INDEX reviews_done ON reviews (tenant, job_id) WHERE finished_at IS NOT NULL;
CREATE INDEX reviews_finished ON reviews (tenant, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE review_marks (
    job_id       uuid NOT NULL REFERENCES reviews ON DELETE CASCADE,
    -- The claim under which they were handed in.
    claim        integer NOT NULL,
    reviewer_id  text NOT NULL,
    caller       text NOT NULL,
    -- By criterion; scores are strings, so that none of them is rounded.
    scores       jsonb NOT NULL,
    score        numeric(3, 1) NOT NULL,
    band         text NOT NULL,
    comment      text NOT NULL,
    adjudication boolean NOT NULL,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (job_id, claim),
    CONSTRAINT review_marks_reviewer_key UNIQUE (job_id, reviewer_id)
);

-- Who did what, when, and what changed by it.
CREATE TABLE review_trail (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Not the job: its row would have to be locked after the review's, and whoever erases
    -- the job locks them the other way round.
    job_id      uuid NOT NULL REFERENCES reviews ON DELETE CASCADE,
    tenant      text NOT NULL,
    at          timestamptz NOT NULL,
    action      text NOT NULL,
    reviewer_id text NOT NULL,
    caller      text NOT NULL,
    claim       integer NOT NULL,
    before      jsonb,
    after       jsonb
);
CREATE INDEX review_trail_job ON review_trail (job_id, id);

-- The trail is only appended to, and marks are not changed. With its job, which may quote
-- the learner, all of it goes: then the job's row is gone already.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM jobs WHERE id = OLD.job_id) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is only appended to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER review_trail_kept BEFORE UPDATE OR DELETE ON review_trail
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER review_trail_not_emptied BEFORE TRUNCATE ON review_trail
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER review_marks_kept BEFORE UPDATE OR DELETE ON review_marks
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER review_marks_not_emptied BEFORE TRUNCATE ON review_marks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.execute(CHANGES)
