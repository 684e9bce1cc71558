"""Examiners at work on the store, each act in a transaction of its own, as the server has it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from grading.domain.double_marking import DoubleMarking
from grading.domain.marks import Marks
from grading.store.review_marks import Handed, submit_marks
from grading.store.review_records import Review, Reviewer
from grading.store.reviews import claim_review, release_review
from tests.stack.held import examiner

LEASE = timedelta(minutes=15)
ONCE, TWICE = DoubleMarking(0), DoubleMarking(1)
ANNA, BINH, CHI = examiner("anna"), examiner("binh"), examiner("chi")


class Desk:
    """What examiners do, each act in a transaction of its own."""

    def __init__(self, engine: Engine, double_marking: DoubleMarking = ONCE) -> None:
        self._engine = engine.execution_options(isolation_level="READ COMMITTED")
        self._double_marking = double_marking

    def claim(self, job_id: UUID, who: Reviewer = ANNA, lease: timedelta = LEASE) -> Review:
        with self._engine.begin() as conn:
            return claim_review(conn, job_id, who, lease, self._double_marking)[0]

    def release(self, job_id: UUID, who: Reviewer = ANNA) -> Review:
        with self._engine.begin() as conn:
            return release_review(conn, job_id, who, self._double_marking)

    def submit(
        self, job_id: UUID, given: Marks, who: Reviewer = ANNA, claim: int = 1, comment: str = ""
    ) -> Handed:
        with self._engine.begin() as conn:
            return submit_marks(
                conn, job_id, who, claim, given, comment, self._double_marking
            )  # fmt: skip

    def mark(self, job_id: UUID, given: Marks, who: Reviewer = ANNA) -> Handed:
        return self.submit(job_id, given, who, self.claim(job_id, who).claim)


def let_lapse(conn: Connection) -> None:
    """End the time of every claim."""
    conn.execute(
        text("UPDATE reviews SET claim_expires_at = now() - interval '1 s' WHERE holder <> ''")
    )
