"""Reading what reviews say of the machine and of examiners. Erased jobs have left none."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, text

from grading.domain.compared import Compared
from grading.domain.criterion import Criterion
from grading.domain.marks import Marks
from grading.domain.work import Skill
from grading.store.review_records import read_marks

#: The newest reviews of a period are compared: more would make no figure surer that matters, and
#: keep whoever asks, and the server, for longer.
MOST_REVIEWS = 5_000

# A review that is done never changes, so that the same period tells the same, but for what is
# erased. JSON comes as text: it is read outside of the event loop. What two examiners marked
# blind are the marks of a double-marked review without those of the third, who saw them. The
# condition on the time is what lets a partial index be used.
_REVIEWED = """
    SELECT CAST(reviews.examiner AS text) AS examiner,
           reviews.machine_exact,
           CAST(reviews.machine_criteria AS text) AS criteria,
           CAST(reviews.machine_scores AS text) AS scores,
           CAST(reviews.machine_provenance AS text) AS provenance,
           CAST(blind.marks AS text) AS blind,
           CAST(jobs.labels AS text) AS labels
    FROM reviews
    JOIN jobs ON jobs.id = reviews.job_id
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(review_marks.scores ORDER BY review_marks.claim) AS marks
        FROM review_marks
        WHERE review_marks.job_id = reviews.job_id AND NOT review_marks.adjudication
    ) AS blind ON reviews.double_marked
    WHERE {whose}
      reviews.finished_at >= :since AND reviews.finished_at < :until
      AND jobs.skill = :skill
    ORDER BY reviews.finished_at DESC
    LIMIT :most
"""
_OF_TENANT = text(_REVIEWED.format(whose="reviews.tenant = :tenant AND"))
_OF_ALL = text(_REVIEWED.format(whose=""))


@dataclass(frozen=True, slots=True)
class Period:
    """From one time on, and before another."""

    since: datetime
    until: datetime

    @property
    def before(self) -> "Period":
        """The period of the same length that ends where this one begins.

        Raises:
            OverflowError: it would begin before the year 1.
        """
        return Period(self.since - (self.until - self.since), self.since)


def read_reviewed(
    conn: Connection, skill: Skill, period: Period, tenant: str | None
) -> Sequence[Row[Any]]:
    """Read the newest reviews of a skill that were finished in a period.

    Of a tenant, or, for None, of all. One row more than ``MOST_REVIEWS`` tells that there are
    more. ``compared_from`` reads the rows.
    """
    wanted = {
        "skill": skill.value,
        "since": period.since,
        "until": period.until,
        "most": MOST_REVIEWS + 1,
    }
    if tenant is None:
        return conn.execute(_OF_ALL, wanted).all()
    return conn.execute(_OF_TENANT, {**wanted, "tenant": tenant}).all()


def compared_from(row: Any) -> Compared:
    """Read a row of ``read_reviewed``."""
    criteria, scores = json.loads(row.criteria), json.loads(row.scores)
    made = json.loads(row.provenance)
    prompts = {model["prompt_version"] for model in made.get("models", ())}
    return Compared(
        examiner=read_marks(json.loads(row.examiner)),
        machine={
            Criterion(name): Decimal(score) for name, score in zip(criteria, scores, strict=True)
        },
        machine_exact=None if row.machine_exact is None else Decimal(row.machine_exact),
        blind=None if row.blind is None else _blind(json.loads(row.blind)),
        grader=f"{made['grader']} {made['grader_version']}",
        prompt=", ".join(sorted(filter(None, prompts))),
        rubric=made["rubric_version"],
        labels=json.loads(row.labels),
    )


def _blind(marks: Sequence[list[list[str]]]) -> tuple[Marks, Marks]:
    first, second = (read_marks(one) for one in marks)
    return first, second
