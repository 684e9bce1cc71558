"""Workers: are they at work, and do they get through?"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from docker.grafana.source.board import Row, make_board
from docker.grafana.source.panels import AMBER, RED, Limit, Query, lines

_HERE = 'skill=~"$skill",instance=~"$instance"'


def workers() -> Dashboard:
    """The dashboard."""
    return make_board(
        "vstep-workers",
        "workers",
        "Are workers at work, and do they get through? Alerts and what to do: docs/runbook.md.",
        "worker",
        [_capacity(), _runs(), _processes()],
    )


def _capacity() -> Row:
    return Row(
        "Capacity",
        [
            lines(
                "Slots in use",
                "Jobs that are graded, of those that all workers could grade at a time. All in use,"
                " with jobs that wait, means too few workers. Runbook: JobsWaitTooLong.",
                "percentunit",
                Query(
                    'sum by (skill) (vstep_jobs_running{skill=~"$skill"})'
                    " / (max by (skill) (vstep_worker_slots) > 0)",
                    "{{skill}}",
                ),
                limits=[Limit(1, AMBER)],
            ),
            lines(
                "Workers and slots",
                "By what workers report to the database. Runbook: NoWorkers.",
                "short",
                Query('max by (skill) (vstep_workers{skill=~"$skill"})', "{{skill}} workers"),
                Query('max by (skill) (vstep_worker_slots{skill=~"$skill"})', "{{skill}} slots"),
            ),
            lines(
                "Jobs at hand",
                "Jobs that each worker grades.",
                "short",
                Query(
                    f"sum by (instance, skill) (vstep_jobs_running{{{_HERE}}})",
                    "{{instance}} {{skill}}",
                ),
                stacked=True,
            ),
        ],
    )


def _runs() -> Row:
    return Row(
        "Runs",
        [
            lines(
                "Runs by outcome",
                "'released' were given back by a worker that shut down, 'lost' were taken away: the"
                " lease ran out, the job was cancelled, or its deadline passed.",
                "ops",
                Query(
                    f"sum by (outcome) (rate(vstep_runs_total{{{_HERE}}}[$__rate_interval]))",
                    "{{outcome}}",
                ),
                stacked=True,
            ),
            lines(
                "Retries by reason",
                "Runs after which a job is taken again. Runbook: JobsRetriedOften.",
                "ops",
                Query(
                    'sum by (reason) (rate(vstep_job_retries_total{skill=~"$skill"}'
                    "[$__rate_interval]))",
                    "{{reason}}",
                ),
            ),
            lines(
                "Share of runs that are made again",
                "An alert at a fifth. Runbook: JobsRetriedOften.",
                "percentunit",
                Query(
                    'sum by (skill) (rate(vstep_job_retries_total{reason!="postponed",'
                    'skill=~"$skill"}[$__rate_interval]))'
                    ' / sum by (skill) (rate(vstep_runs_total{skill=~"$skill"}'
                    "[$__rate_interval]))",
                    "{{skill}}",
                ),
                limits=[Limit(0.2, RED)],
            ),
            lines(
                "Leases that ran out",
                "Workers that died or froze while they graded. Runbook: WorkersLost.",
                "short",
                Query(
                    'sum by (skill) (increase(vstep_leases_lapsed_total{skill=~"$skill"}'
                    "[$__rate_interval]))",
                    "{{skill}}",
                ),
            ),
            lines(
                "Late renewals of leases",
                "How long after their time leases are renewed, 99 of 100 at the most. A lease is"
                " renewed at a third of its length: two thirds are in hand.",
                "s",
                Query(
                    "histogram_quantile(0.99, sum by (instance, le) (rate("
                    'vstep_lease_renewal_late_seconds_bucket{instance=~"$instance"}'
                    "[$__rate_interval])))",
                    "{{instance}}",
                ),
            ),
            lines(
                "Held for review",
                "Share of the graded jobs that wait for an examiner.",
                "percentunit",
                Query(
                    'sum by (skill) (rate(vstep_runs_total{outcome="review_required",'
                    'skill=~"$skill"}[$__rate_interval]))'
                    " / sum by (skill) (rate(vstep_runs_total{"
                    'outcome=~"completed|review_required",skill=~"$skill"}[$__rate_interval]))',
                    "{{skill}}",
                ),
            ),
        ],
    )


def _processes() -> Row:
    here = 'instance=~"$instance"'
    return Row(
        "Processes",
        [
            lines(
                "Processes",
                "Of each worker: its parent, its children, and those that measure beside it.",
                "short",
                Query(f"vstep_worker_processes{{{here}}}", "{{instance}}"),
            ),
            lines(
                "Memory",
                "Resident memory of all processes of a worker; what they share counts for each.",
                "bytes",
                Query(f"vstep_worker_resident_memory_bytes{{{here}}}", "{{instance}}"),
            ),
            lines(
                "Age",
                "Since the worker was started: a saw tells of crashes.",
                "s",
                Query(
                    "(time() - process_start_time_seconds)"
                    f' * on (instance) group_left vstep_build_info{{component="worker",{here}}}',
                    "{{instance}}",
                ),
            ),
        ],
    )
