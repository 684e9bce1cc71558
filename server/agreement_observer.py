"""Tells Prometheus how far the machine and examiners agree, over a period that goes along."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from grading.domain.agreement_report import AgreementTable
from grading.domain.work import Skill
from grading.store.agreement import Period
from server import metrics
from server.agreement import Found, find_agreement
from server.store import Store

_log = structlog.get_logger(__name__)

#: Between two looks, in seconds: examiners mark a few answers in that time.
LOOK_SECONDS = 300.0

_Series = tuple[Gauge, tuple[str, ...]]


@dataclass
class AgreementObserver:
    """Runs in every server that tells metrics; all of them tell the same, of all tenants."""

    store: Store
    #: How far back reviews are compared, and how far behind that the period lies whose
    #: agreement they are compared with.
    period: timedelta
    #: What was told before, and is told no more where it can't be measured.
    _told: set[_Series] = field(default_factory=set)

    async def run(self) -> None:
        """Look for ever, until cancelled."""
        while True:
            try:
                await self.look(datetime.now(UTC))
            except (SQLAlchemyError, OSError) as error:
                _log.warning("agreement_not_observed", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, now: datetime) -> None:
        """Measure what was reviewed up to ``now``, and tell it."""
        period = Period(now - self.period, now)
        values: dict[_Series, float] = {}
        for skill in Skill:
            found = await find_agreement(self.store, skill, period, tenant=None, drift=True)
            values.update(_values(skill, found))
        # An absent series says that nobody knows; 0 would say that nobody agrees.
        for gauge, labels in self._told - set(values):
            gauge.remove(*labels)
        for (gauge, labels), value in values.items():
            gauge.labels(*labels).set(value)
        self._told = set(values)


def _values(skill: Skill, found: Found) -> Iterator[tuple[_Series, float]]:
    report = found.report
    for raters, table in (("machine", report.machine), ("examiners", report.examiners)):
        yield (metrics.AGREEMENT_ANSWERS, (skill, raters)), table.overall.answers
        for criterion, measure, value in _measures(table):
            yield (metrics.AGREEMENT, (skill, raters, criterion, measure)), value
    for drift in found.drift:
        yield (metrics.AGREEMENT_DRIFT, (skill, drift.measure)), drift.change
        if drift.interval is not None:
            series = (metrics.AGREEMENT_DRIFT_CERTAIN, (skill, drift.measure))
            yield series, drift.interval.certain


def _measures(table: AgreementTable) -> Iterator[tuple[str, str, float]]:
    for name, agreed in (("overall", table.overall), *table.criteria):
        for one in agreed.measures:
            yield name, one.measure, one.value
