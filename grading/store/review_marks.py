"""Handing marks in, and the one finalisation of a review.

Marks, the result that is given out, the job's end, its event and the trail are one transaction.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.double_marking import DoubleMarking, settled_marks
from grading.domain.job import JobState
from grading.domain.marks import Marks
from grading.domain.merge import Final, merge
from grading.domain.result import Outcome
from grading.exceptions import JobNotFound, ReviewClaimLost, ReviewNotWaiting
from grading.rubric.wording import wording_of
from grading.store.documents import outcome_to_json, result_from_document, result_to_json
from grading.store.records import ResultSummary
from grading.store.review_records import (
    Review,
    ReviewAction,
    Reviewer,
    ReviewState,
    StoredMarks,
    marks_from,
    write_marks,
)
from grading.store.review_trail import append_act
from grading.store.reviews import lock_review, open_review

# The job before its review, as whoever erases the job locks them.
_LOCK_JOB = text("""
    SELECT FROM jobs WHERE id = :job_id AND tenant = :tenant FOR NO KEY UPDATE
""")

_MARKS = text("SELECT * FROM review_marks WHERE job_id = :job_id ORDER BY claim")

_MACHINE = text("SELECT machine FROM reviews WHERE job_id = :job_id")

# The claim's number is the fencing token: an examiner whose claim lapsed finds no row, also
# where the same examiner holds the review under another number. The claim ends with its marks.
_END_CLAIM = text("""
    UPDATE reviews
    SET holder = NULL, claim_expires_at = NULL, marked_by = marked_by || CAST(:reviewer AS text)
    WHERE job_id = :job_id AND finished_at IS NULL
      AND holder = :reviewer AND claim = :claim AND claim_expires_at > now()
""")

_INSERT = text("""
    INSERT INTO review_marks (
        job_id, claim, reviewer_id, caller, scores, score, band, comment, adjudication, created_at
    )
    VALUES (
        :job_id, :claim, :reviewer, :caller, CAST(:scores AS jsonb), :score, :band, :comment,
        :adjudication, now()
    )
""")

_CALL_THIRD = text("UPDATE reviews SET adjudication = true WHERE job_id = :job_id")

# The state is part of the condition: nothing leaves REVIEW_REQUIRED twice. The machine's
# result is kept in "reviews", where it was copied when the review was opened.
_FINISH = text("""
    WITH finished AS (
        UPDATE jobs
        SET state = 'completed', last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, current_feed_key()),
            updated_at = now(), ended_at = now(), review_priority = NULL, review_reasons = '{}'
        WHERE id = :job_id AND state = 'review_required'
        RETURNING *
    ),
    result AS (
        UPDATE results
        SET score = :score, band = :band, document = CAST(:document AS jsonb), audit = :audit,
            scored_by = :scored_by, created_at = now()
        FROM finished
        WHERE results.job_id = finished.id
    ),
    review AS (
        UPDATE reviews
        SET finished_at = now(), scored_by = :scored_by, examiner = CAST(:examiner AS jsonb),
            examiner_score = :examiner_score
        FROM finished
        WHERE reviews.job_id = finished.id
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, outcome, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, 'ended', progress, 'Marked by an examiner.',
               CAST(:outcome AS jsonb), now(), feed_key
        FROM finished
    )
    SELECT notify_job(id) FROM finished
""")


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of marks that were handed in."""

    review: Review
    #: They were handed in before, under the same claim.
    deduplicated: bool = False


def submit_marks(
    conn: Connection,
    job_id: UUID,
    reviewer: Reviewer,
    claim: int,
    marks: Marks,
    comment: str,
    double_marking: DoubleMarking,
) -> Handed:
    """Store an examiner's marks, and complete the job where they were the last ones needed.

    Raises:
        JobNotFound: there is no such job.
        ReviewNotWaiting: there is nothing to review.
        ReviewClaimLost: the claim is not this examiner's any more; nothing was stored.
    """
    wanted = {"job_id": job_id, "tenant": reviewer.tenant}
    if conn.execute(_LOCK_JOB, wanted).one_or_none() is None:
        raise JobNotFound(job_id)
    before = lock_review(conn, job_id, reviewer.tenant, double_marking)
    given = _read_marks(conn, job_id)
    if _is_repeated(given, reviewer, claim, marks, comment):
        return Handed(before, deduplicated=True)
    if before.state is ReviewState.DONE:
        raise ReviewNotWaiting(job_id, JobState.COMPLETED)
    held = {"job_id": job_id, "reviewer": reviewer.id, "claim": claim}
    if not conn.execute(_END_CLAIM, held).rowcount:
        raise ReviewClaimLost(job_id, claim)
    conn.execute(
        _INSERT,
        {
            **held,
            "caller": reviewer.caller,
            "scores": json.dumps(write_marks(marks)),
            "score": marks.score,
            "band": marks.band.value,
            "comment": comment,
            "adjudication": before.adjudication,
        },
    )
    append_act(conn, job_id, reviewer, ReviewAction.MARKED, claim, None, _told_of(marks, comment))
    all_marks = [*(one.marks for one in given), marks]
    settled = settled_marks(all_marks, double_marked=before.double_marked)
    if settled is not None:
        _finish(conn, job_id, reviewer, claim, settled)
    elif before.double_marked and len(all_marks) > 1:
        conn.execute(_CALL_THIRD, {"job_id": job_id})
    return Handed(open_review(conn, job_id, reviewer.tenant, double_marking))


def _finish(
    conn: Connection,
    job_id: UUID,
    reviewer: Reviewer,
    claim: int,
    examiner: Marks,
) -> None:
    machine = result_from_document(conn.scalar(_MACHINE, {"job_id": job_id}))
    final = merge(machine, examiner, wording_of(machine))
    result = final.result
    finished = conn.execute(
        _FINISH,
        {
            "job_id": job_id,
            "score": result.score,
            "band": result.band.value,
            "document": result_to_json(result),
            "audit": final.audit,
            "scored_by": final.scored_by.value,
            "examiner": json.dumps(write_marks(examiner)),
            "examiner_score": examiner.score,
            "outcome": outcome_to_json(ResultSummary.of(result)),
        },
    ).all()
    # The review's row is locked and was not finished, and its job is locked, too.
    assert len(finished) == 1
    append_act(
        conn, job_id, reviewer, ReviewAction.FINISHED, claim, _held(machine), _given_out(final)
    )


def _is_repeated(
    given: Sequence[StoredMarks], reviewer: Reviewer, claim: int, marks: Marks, comment: str
) -> bool:
    return any(
        (one.claim, one.reviewer_id, one.marks, one.comment) == (claim, reviewer.id, marks, comment)
        for one in given
    )


def _read_marks(conn: Connection, job_id: UUID) -> list[StoredMarks]:
    return [marks_from(row) for row in conn.execute(_MARKS, {"job_id": job_id})]


def _told_of(marks: Marks, comment: str) -> dict[str, Any]:
    return {
        "scores": dict(write_marks(marks)),
        "score": str(marks.score),
        "band": marks.band.value,
        "comment": comment,
    }


def _held(machine: Outcome) -> dict[str, Any]:
    gist = ResultSummary.of(machine)
    return {
        "state": JobState.REVIEW_REQUIRED.value,
        "score": gist.score,
        "band": gist.band and gist.band.value,
        "scored_by": "machine",
    }


def _given_out(final: Final) -> dict[str, Any]:
    return {
        "state": JobState.COMPLETED.value,
        "score": float(final.result.score),
        "band": final.result.band.value,
        "scored_by": final.scored_by.value,
    }
