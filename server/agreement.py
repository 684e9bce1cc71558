"""How far the machine and examiners agree in a period: read, then worked out in a thread."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from grading.domain.agreement_report import (
    AgreementReport,
    Drift,
    drift_between,
    report_agreement,
)
from grading.domain.compared import Grouping
from grading.domain.work import Skill
from grading.store.agreement import MOST_REVIEWS, Period, compared_from, read_reviewed
from server.store import Store


@dataclass(frozen=True, slots=True)
class Found:
    """What the reviews of a period say."""

    report: AgreementReport
    #: Since the period before; empty where nobody asked.
    drift: tuple[Drift, ...]
    #: There were more reviews than are compared.
    truncated: bool


async def find_agreement(
    store: Store,
    skill: Skill,
    period: Period,
    *,
    tenant: str | None,
    groupings: Sequence[Grouping] = (),
    drift: bool = False,
) -> Found:
    """Compare the reviews of a tenant, or, for None, of all, that were finished in a period.

    Raises:
        OverflowError: the period before would begin before the year 1.
    """
    now = await store.run(read_reviewed, skill, period, tenant)
    before = await store.run(read_reviewed, skill, period.before, tenant) if drift else ()
    return await asyncio.to_thread(_work_out, skill, now, before, groupings, drift=drift)


def _work_out(
    skill: Skill,
    now: Sequence[Row[Any]],
    before: Sequence[Row[Any]],
    groupings: Sequence[Grouping],
    *,
    drift: bool,
) -> Found:
    report = _report(skill, now, groupings)
    earlier = _report(skill, before) if drift else None
    return Found(
        report,
        () if earlier is None else drift_between(earlier.machine.overall, report.machine.overall),
        max(len(now), len(before)) > MOST_REVIEWS,
    )


def _report(
    skill: Skill, rows: Sequence[Row[Any]], groupings: Sequence[Grouping] = ()
) -> AgreementReport:
    return report_agreement(skill, [compared_from(row) for row in rows[:MOST_REVIEWS]], groupings)
