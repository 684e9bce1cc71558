"""Service: does work come in, how much waits, and does it end in time?"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from docker.grafana.source.board import Row, make_board
from docker.grafana.source.panels import AMBER, GREEN, RED, Limit, Query, lines, number
from docker.grafana.source.service_calls import calls
from docker.grafana.source.service_resources import storage, underneath

_SHARE_OF_SLA = (
    'max by (skill) (vstep_queue_oldest_seconds{skill=~"$skill"})'
    " / max by (skill) (vstep_sla_seconds)"
)
#: An alert fires at half of it, and jobs fail at all of it.
_OF_SLA = (Limit(0.5, AMBER), Limit(1, RED))


def service() -> Dashboard:
    """The dashboard."""
    return make_board(
        "vstep-service",
        "service",
        "Does work come in, how much waits, and does it end in time? Alerts and what to do:"
        " docs/runbook.md.",
        "server",
        [_at_a_glance(), _jobs(), calls(), underneath(), storage()],
    )


def _at_a_glance() -> Row:
    return Row(
        "At a glance",
        [
            number(
                "In time",
                "Share of the jobs of the period shown that had a result within their SLA. The aim"
                " is 99 %. Runbook: SlaBudgetBurnsFast.",
                "percentunit",
                Query(
                    'sum by (skill) (increase(vstep_sla_jobs_total{outcome="kept",'
                    'skill=~"$skill"}[$__range]))'
                    ' / sum by (skill) (increase(vstep_sla_jobs_total{skill=~"$skill"}[$__range]))',
                    "{{skill}}",
                ),
                limits=[Limit(0.95, AMBER), Limit(0.99, GREEN)],
                from_color=RED,
            ),
            number(
                "Oldest waiting job",
                "How much of its SLA the oldest waiting job has used up. Runbook: JobsWaitTooLong.",
                "percentunit",
                Query(_SHARE_OF_SLA, "{{skill}}"),
                limits=_OF_SLA,
            ),
            number(
                "Waiting jobs",
                "Jobs that wait for a worker, retries included. Runbook: BacklogNearLimit.",
                "short",
                Query('max by (skill) (vstep_queue_jobs{skill=~"$skill"})', "{{skill}}"),
            ),
            number(
                "Workers",
                "Workers that reported themselves lately. Runbook: NoWorkers.",
                "short",
                Query('max by (skill) (vstep_workers{skill=~"$skill"})', "{{skill}}"),
                limits=[Limit(1, GREEN)],
                from_color=RED,
            ),
            number(
                "Dependencies",
                "1 while a dependency is well, seen from the server that sees it worst. Runbook:"
                " DatabaseUnreachable, BrokerUnreachable.",
                "short",
                Query("min by (dependency) (vstep_dependency_up)", "{{dependency}}"),
                limits=[Limit(1, GREEN)],
                from_color=RED,
            ),
            number(
                "Alerts",
                "Alerts that fire. Prometheus lists them under /alerts; docs/runbook.md tells what"
                " each means and what to do.",
                "short",
                Query('count(ALERTS{alertstate="firing"}) or vector(0)', "firing"),
                limits=[Limit(1, RED)],
            ),
        ],
    )


def _jobs() -> Row:
    return Row(
        "Jobs",
        [
            lines(
                "Accepted",
                "Jobs that were stored, by skill.",
                "ops",
                Query(
                    'sum by (skill) (rate(vstep_jobs_accepted_total{skill=~"$skill"}'
                    "[$__rate_interval]))",
                    "{{skill}}",
                ),
            ),
            lines(
                "Jobs by state",
                "Jobs that have not ended.",
                "short",
                Query('max by (skill, state) (vstep_jobs{skill=~"$skill"})', "{{skill}} {{state}}"),
                stacked=True,
            ),
            lines(
                "Oldest waiting job",
                "How much of its SLA the oldest waiting job has used up: an alert at half, the"
                " deadline at all of it. Runbook: JobsWaitTooLong.",
                "percentunit",
                Query(_SHARE_OF_SLA, "{{skill}}"),
                limits=_OF_SLA,
            ),
            lines(
                "Missed SLA",
                "Share of the jobs that ended without a result in time. Runbook:"
                " SlaBudgetBurnsFast.",
                "percentunit",
                Query('skill:vstep_sla_missed:ratio_rate1h{skill=~"$skill"}', "{{skill}}, an hour"),
                Query(
                    'skill:vstep_sla_missed:ratio_rate5m{skill=~"$skill"}',
                    "{{skill}}, five minutes",
                ),
                limits=[Limit(0.01, AMBER), Limit(0.144, RED)],
            ),
            lines(
                "Failures by reason",
                "Jobs that ended without a result. 'audio_refused' is the recording's fault.",
                "ops",
                Query(
                    'sum by (skill, reason) (rate(vstep_jobs_failed_total{skill=~"$skill"}'
                    "[$__rate_interval]))",
                    "{{skill}} {{reason}}",
                ),
            ),
            lines(
                "Flagged as delayed",
                "Waiting jobs whose clients were told that it takes longer.",
                "ops",
                Query(
                    'sum by (skill) (rate(vstep_jobs_delayed_total{skill=~"$skill"}'
                    "[$__rate_interval]))",
                    "{{skill}}",
                ),
            ),
        ],
    )
