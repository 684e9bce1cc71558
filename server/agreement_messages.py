"""Agreement as the contract's messages, and what is asked of it."""

from datetime import UTC, datetime, timedelta

from grading.domain.agreement_intervals import Interval
from grading.domain.agreement_report import Agreed, AgreementTable, Drift, Group, Measured
from grading.domain.compared import Grouping
from grading.store.agreement import Period
from server.agreement import Found
from server.exceptions import FieldViolation, InvalidRequest
from server.messages import time_to
from server.moments import moment_from
from vstep.grading.v1 import result_pb2 as results
from vstep.grading.v1 import review_service_pb2 as messages

DEFAULT_PERIOD, LONGEST_PERIOD = timedelta(days=30), timedelta(days=366)
#: So that the period before one is a time, too.
_EARLIEST = datetime.min.replace(tzinfo=UTC) + LONGEST_PERIOD


def period_from(request: messages.GetAgreementRequest, now: datetime) -> Period:
    """Read the period of a validated request.

    Raises:
        InvalidRequest: it is none, or too long.
    """
    until = moment_from(request, "finished_before") or now
    since = moment_from(request, "finished_from")
    if since is None:
        since = max(until, _EARLIEST + DEFAULT_PERIOD) - DEFAULT_PERIOD
    since = max(since, _EARLIEST)
    if until <= since:
        raise InvalidRequest(
            [FieldViolation("finished_before", "must be later than finished_from")]
        )
    if until - since > LONGEST_PERIOD:
        raise InvalidRequest(
            [
                FieldViolation(
                    "finished_from",
                    f"must be at most {LONGEST_PERIOD.days} days before finished_before",
                )
            ]
        )
    return Period(since, until)


def groupings_from(request: messages.GetAgreementRequest) -> list[Grouping]:
    """Read what groups are told apart by."""
    return [
        Grouping[messages.AgreementGrouping.Name(value).removeprefix("AGREEMENT_GROUPING_")]
        for value in request.by
    ]


def agreement_to(found: Found, period: Period) -> messages.GetAgreementResponse:
    """Write what was found."""
    return messages.GetAgreementResponse(
        finished_from=time_to(period.since),
        finished_before=time_to(period.until),
        machine=_table(found.report.machine),
        examiners=_table(found.report.examiners),
        groups=[_group(group) for group in found.report.groups],
        drift=[_drift(drift) for drift in found.drift],
        truncated=found.truncated,
    )


def _table(table: AgreementTable) -> messages.AgreementTable:
    return messages.AgreementTable(
        overall=_agreed(table.overall),
        criteria=[
            messages.CriterionAgreement(
                criterion=results.Criterion.Value(f"CRITERION_{criterion.name}"),
                agreement=_agreed(agreed),
            )
            for criterion, agreed in table.criteria
        ],
    )


def _agreed(agreed: Agreed) -> messages.Agreement:
    return messages.Agreement(
        answers=agreed.answers, measures=[_measured(one) for one in agreed.measures]
    )


def _measured(one: Measured) -> messages.MeasuredAgreement:
    # A field that is given None is absent.
    return messages.MeasuredAgreement(
        measure=messages.AgreementMeasure.Value(f"AGREEMENT_MEASURE_{one.measure.name}"),
        value=one.value,
        interval=_interval(one.interval),
        bar=one.bar,
        meets_bar=one.meets_bar,
        below_examiners=one.below_examiners,
        near_examiners=one.is_near_examiners,
    )


def _group(group: Group) -> messages.AgreementGroup:
    bias = group.bias
    return messages.AgreementGroup(
        by=messages.AgreementGrouping.Value(f"AGREEMENT_GROUPING_{group.grouping.name}"),
        label=group.label,
        value=group.value,
        agreement=_agreed(group.agreed),
        bias=None if bias is None else bias.value,
        bias_interval=None if bias is None else _interval(bias.interval),
        bias_meets_bar=None if bias is None else bias.meets_bar,
    )


def _drift(drift: Drift) -> messages.AgreementDrift:
    return messages.AgreementDrift(
        measure=messages.AgreementMeasure.Value(f"AGREEMENT_MEASURE_{drift.measure.name}"),
        before=drift.before,
        now=drift.now,
        change=_interval(drift.interval),
        certain=drift.interval is not None and drift.interval.certain != 0,
    )


def _interval(interval: Interval | None) -> messages.AgreementInterval | None:
    if interval is None:
        return None
    return messages.AgreementInterval(low=interval.low, high=interval.high)
