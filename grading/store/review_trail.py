"""The trail of reviews: who did what, when, and what changed. A trigger keeps it as it is."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from grading.store.review_records import ReviewAct, ReviewAction, Reviewer

_APPEND = text("""
    INSERT INTO review_trail (
        job_id, tenant, at, action, reviewer_id, caller, claim, before, after
    )
    VALUES (
        :job_id, :tenant, now(), :action, :reviewer_id, :caller, :claim,
        CAST(:before AS jsonb), CAST(:after AS jsonb)
    )
""")

_READ = text("SELECT * FROM review_trail WHERE job_id = :job_id ORDER BY id")


def append_act(
    conn: Connection,
    job_id: UUID,
    reviewer: Reviewer,
    action: ReviewAction,
    claim: int,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Write down an act, in the transaction that it is part of."""
    conn.execute(
        _APPEND,
        {
            "job_id": job_id,
            "tenant": reviewer.tenant,
            "action": action.value,
            "reviewer_id": reviewer.id,
            "caller": reviewer.caller,
            "claim": claim,
            "before": None if before is None else json.dumps(before),
            "after": None if after is None else json.dumps(after),
        },
    )


def read_trail(conn: Connection, job_id: UUID) -> tuple[ReviewAct, ...]:
    """Read what was done with a review, oldest first."""
    return tuple(
        ReviewAct(
            at=row.at,
            action=ReviewAction(row.action),
            reviewer_id=row.reviewer_id,
            caller=row.caller,
            claim=row.claim,
            before=row.before,
            after=row.after,
        )
        for row in conn.execute(_READ, {"job_id": job_id})
    )
