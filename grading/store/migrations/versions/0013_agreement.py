"""Agreement: groups that clients name, and what is compared of a review, beside it."""

from alembic import op

revision = "0013"
down_revision = "0012"

CHANGES = """
-- Groups that the client named, to look for bias; they go with the job. A constant default
-- writes no row.
ALTER TABLE jobs ADD COLUMN labels jsonb NOT NULL DEFAULT '{}';

-- accepted: what is compared of the machine's result, without reading the evidence and feedback
-- that make it long. Generated, so that servers of the release before fill it in, too; for that
-- the rows are written anew, of which there is one for each review that was ever opened.
ALTER TABLE reviews
    ADD COLUMN machine_exact text
        GENERATED ALWAYS AS (machine ->> 'exact_score') STORED,
    ADD COLUMN machine_criteria jsonb
        GENERATED ALWAYS AS (jsonb_path_query_array(machine, '$.criteria[*].criterion')) STORED,
    ADD COLUMN machine_scores jsonb
        GENERATED ALWAYS AS (jsonb_path_query_array(machine, '$.criteria[*].score')) STORED,
    ADD COLUMN machine_provenance jsonb
        GENERATED ALWAYS AS (machine -> 'provenance') STORED;

-- accepted: a period's reviews of all tenants. The table is small, as above.
CREATE INDEX reviews_period ON reviews (finished_at) WHERE finished_at IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(CHANGES)
