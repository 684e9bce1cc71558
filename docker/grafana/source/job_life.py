"""A job's life: where its time goes, from acceptance to result."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from docker.grafana.source.board import Row, make_board
from docker.grafana.source.panels import AMBER, RED, Limit, Query, lines

_OF_SKILL = 'skill=~"$skill"'


def job_life() -> Dashboard:
    """The dashboard."""
    return make_board(
        "vstep-job-life",
        "a job's life",
        "Where a job's time goes, from acceptance to result. What to do: docs/runbook.md.",
        "worker",
        [_whole(), _stages()],
    )


def _whole() -> Row:
    return Row(
        "From acceptance to result",
        [
            lines(
                "How long it takes",
                "From acceptance to the result, retries included.",
                "s",
                *(
                    Query(
                        f"histogram_quantile({share}, sum by (skill, le) (rate("
                        f"vstep_job_duration_seconds_bucket{{{_OF_SKILL}}}[$__rate_interval])))",
                        f"{{{{skill}}}} {name}",
                    )
                    for share, name in ((0.5, "half"), (0.95, "95 of 100"))
                ),
            ),
            lines(
                "Of the SLA",
                "How much of it 95 of 100 jobs use up at the most. Runbook: JobsWaitTooLong.",
                "percentunit",
                Query(
                    "histogram_quantile(0.95, sum by (skill, le) (rate("
                    f"vstep_job_duration_seconds_bucket{{{_OF_SKILL}}}[$__rate_interval])))"
                    " / on (skill) max by (skill) (vstep_sla_seconds)",
                    "{{skill}}",
                ),
                limits=[Limit(0.5, AMBER), Limit(1, RED)],
            ),
            lines(
                "Results",
                "Jobs that came to a result, by the state that it brought them to.",
                "ops",
                Query(
                    "sum by (skill, state) (rate(vstep_job_duration_seconds_count"
                    f"{{{_OF_SKILL}}}[$__rate_interval]))",
                    "{{skill}} {{state}}",
                ),
                stacked=True,
            ),
        ],
    )


def _stages() -> Row:
    return Row(
        "Stages",
        [
            lines(
                "Time by stage",
                "The mean of each: waiting for the first run, starting (a recording is fetched"
                " here), measuring (transcription and models included), scoring.",
                "s",
                Query(
                    "sum by (stage) (rate(vstep_job_stage_duration_seconds_sum"
                    f"{{{_OF_SKILL}}}[$__rate_interval]))"
                    " / sum by (stage) (rate(vstep_job_stage_duration_seconds_count"
                    f"{{{_OF_SKILL}}}[$__rate_interval]))",
                    "{{stage}}",
                ),
                stacked=True,
                width=12,
            ),
            lines(
                "Time by stage, 95 of 100",
                "What all but the slowest twentieth take at the most.",
                "s",
                Query(
                    "histogram_quantile(0.95, sum by (skill, stage, le) (rate("
                    f"vstep_job_stage_duration_seconds_bucket{{{_OF_SKILL}}}"
                    "[$__rate_interval])))",
                    "{{skill}} {{stage}}",
                ),
                width=12,
            ),
            lines(
                "Jobs by state",
                "Jobs that have not ended.",
                "short",
                Query(f"max by (state) (vstep_jobs{{{_OF_SKILL}}})", "{{state}}"),
                stacked=True,
                width=12,
            ),
            lines(
                "Runs for each job",
                "Runs that ended for each job that came to a result or failed: 1 when nothing goes"
                " wrong.",
                "short",
                Query(
                    f"sum by (skill) (rate(vstep_runs_total{{{_OF_SKILL}}}[$__rate_interval]))"
                    " / sum by (skill) (rate(vstep_sla_jobs_total"
                    f"{{{_OF_SKILL}}}[$__rate_interval]))",
                    "{{skill}}",
                ),
                width=12,
            ),
        ],
    )
