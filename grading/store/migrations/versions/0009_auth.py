"""Tenants, and what callers show to be let in."""

from alembic import op

revision = "0009"
down_revision = "0008"

CHANGES = """
-- The tokens and client certificates that callers are known by.
CREATE TABLE credentials (
    id           text PRIMARY KEY,
    name         text NOT NULL,
    tenant       text NOT NULL,
    scopes       text[] NOT NULL,
    -- SHA-256 of a token's secret part; the secret itself is stored nowhere.
    secret_hash  bytea,
    -- A name in a client's certificate.
    certificate  text,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT credentials_kind CHECK ((secret_hash IS NULL) <> (certificate IS NULL))
);
CREATE UNIQUE INDEX credentials_certificate ON credentials (certificate)
    WHERE certificate IS NOT NULL AND revoked_at IS NULL;

-- Servers of the release before this one don't name the column, and run on: what they
-- store is the default tenant's. A constant default rewrites no table.
ALTER TABLE jobs ADD COLUMN tenant text NOT NULL DEFAULT 'default';
ALTER TABLE recordings ADD COLUMN tenant text NOT NULL DEFAULT 'default';
ALTER TABLE deletions ADD COLUMN tenant text NOT NULL DEFAULT 'default';

-- accepted: a request id, and an attempt of a submission, are unique within a tenant: one that
-- uses another's is told nothing of it. The former indexes can't stay beside these, since
-- they would refuse what these let in. The release before goes on without them: its
-- ON CONFLICT DO NOTHING names no index, and the tenant stands behind the columns that it
-- looks up by, so that it finds them here as fast. Only its lists by state sort what
-- they used to find sorted, for as long as it runs beside this one.
-- Rows can't be written while an index is built: about a second for a million jobs.
ALTER TABLE jobs ADD CONSTRAINT jobs_tenant_request_key UNIQUE (request_id, tenant);
ALTER TABLE jobs DROP CONSTRAINT jobs_request_id_key;
ALTER TABLE jobs ADD CONSTRAINT jobs_tenant_submission_key
    UNIQUE (submission_id, tenant, user_id, attempt);
ALTER TABLE jobs DROP CONSTRAINT jobs_submission_key;
CREATE INDEX jobs_tenant_user ON jobs (user_id, tenant, id);
DROP INDEX jobs_user;
CREATE INDEX jobs_tenant_phase ON jobs (skill, phase, tenant, id);
DROP INDEX jobs_phase;
"""


def upgrade() -> None:
    op.execute(CHANGES)
