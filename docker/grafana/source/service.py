"""Service: does work come in, how much waits, and does it end in time?"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from docker.grafana.source.board import Row, make_board
from docker.grafana.source.panels import AMBER, GREEN, RED, Limit, Query, lines, number

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
        [_at_a_glance(), _jobs(), _calls(), _underneath(), _storage()],
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


def _calls() -> Row:
    here = 'instance=~"$instance"'
    return Row(
        "Calls",
        [
            lines(
                "Calls",
                "Calls that ended, by method. Probes of the health included.",
                "reqps",
                Query(
                    f"sum by (method) (rate(vstep_rpc_calls_total{{{here}}}[$__rate_interval]))",
                    "{{method}}",
                ),
            ),
            lines(
                "Calls that did not end well",
                "By status code. UNAVAILABLE of WatchJob and WatchJobs is by design: streams have a"
                " greatest age. Runbook: CallsFail.",
                "reqps",
                Query(
                    f'sum by (method, code) (rate(vstep_rpc_calls_total{{code!="OK",{here}}}'
                    "[$__rate_interval]))",
                    "{{method}} {{code}}",
                ),
            ),
            lines(
                "Refusals by reason",
                "What clients were told; of UploadAudio these are uploads that were refused.",
                "reqps",
                Query(
                    f"sum by (method, reason) (rate(vstep_rpc_refusals_total{{{here}}}"
                    "[$__rate_interval]))",
                    "{{method}} {{reason}}",
                ),
            ),
            lines(
                "SubmitJob",
                "How long accepting work takes. Runbook: CallsSlow.",
                "s",
                *_quantiles(
                    "vstep_rpc_duration_seconds",
                    f'method="GradingService/SubmitJob",{here}',
                ),
                limits=[Limit(1, RED)],
            ),
            lines(
                "Other calls, 99 of 100",
                "How long they take at the most. WaitJob waits for as long as its client asks.",
                "s",
                Query(
                    "histogram_quantile(0.99, sum by (method, le) (rate("
                    f'vstep_rpc_duration_seconds_bucket{{method!="GradingService/WaitJob",{here}}}'
                    "[$__rate_interval])))",
                    "{{method}}",
                ),
            ),
            lines(
                "Event lag",
                "From the write of an event to its being sent to who waits for it. Runbook:"
                " EventsLate.",
                "s",
                *_quantiles("vstep_event_lag_seconds", here),
                limits=[Limit(2, RED)],
            ),
            lines(
                "Streams",
                "Streams that are open, and watchers of single jobs among them.",
                "short",
                Query(f"sum by (method) (vstep_rpc_streams_open{{{here}}})", "{{method}}"),
                Query(f"sum(vstep_watchers{{{here}}})", "watchers"),
            ),
            lines(
                "Messages sent",
                "What streams carried to clients, heartbeats included.",
                "ops",
                Query(
                    f"sum by (method) (rate(vstep_rpc_messages_sent_total{{{here}}}"
                    "[$__rate_interval]))",
                    "{{method}}",
                ),
            ),
            lines(
                "How long streams last",
                "Half of them at the most.",
                "s",
                Query(
                    "histogram_quantile(0.5, sum by (method, le) (rate("
                    f"vstep_rpc_stream_duration_seconds_bucket{{{here}}}[$__rate_interval])))",
                    "{{method}}",
                ),
            ),
        ],
    )


def _underneath() -> Row:
    here = 'instance=~"$instance"'
    return Row(
        "Underneath",
        [
            lines(
                "Outbox",
                "Jobs that the broker has no message of. Up to a thousand of a queue are sent; what"
                " is beyond waits by design. Runbook: OutboxStuck.",
                "short",
                Query('max by (skill) (vstep_outbox_unsent_jobs{skill=~"$skill"})', "{{skill}}"),
            ),
            lines(
                "Oldest unsent job",
                "How long ago it was accepted.",
                "s",
                Query(
                    'max by (skill) (vstep_outbox_oldest_unsent_seconds{skill=~"$skill"})',
                    "{{skill}}",
                ),
            ),
            lines(
                "Relay",
                "Messages that the broker confirmed, those that are sent again since nobody took"
                " them, turns that failed, and dead letters. Runbook: OutboxStuck, DeadLetters.",
                "ops",
                Query("sum(rate(vstep_relay_messages_total[$__rate_interval]))", "confirmed"),
                Query("sum(rate(vstep_relay_messages_resent_total[$__rate_interval]))", "resent"),
                Query(
                    "sum by (dependency) (rate(vstep_relay_failures_total[$__rate_interval]))",
                    "{{dependency}} out of reach",
                ),
                Query("sum(rate(vstep_dead_letters_total[$__rate_interval]))", "dead letters"),
            ),
            lines(
                "Connections to the database",
                "In use, of those that the pool may have.",
                "short",
                Query(f"sum by (instance) (vstep_database_pool_in_use{{{here}}})", "{{instance}}"),
                Query(f"max(vstep_database_pool_size{{{here}}})", "of"),
            ),
            lines(
                "Waits for a connection",
                "How long was waited for one of the pool. Runbook: ConnectionsShort.",
                "s",
                *_quantiles("vstep_database_pool_wait_seconds", here),
                limits=[Limit(0.5, RED)],
            ),
            lines(
                "Processor",
                "Cores that servers use. One server uses one at the most.",
                "short",
                Query(
                    "rate(process_cpu_seconds_total[$__rate_interval])"
                    f' * on (instance) group_left vstep_build_info{{component="server",{here}}}',
                    "{{instance}}",
                ),
                limits=[Limit(0.9, RED)],
            ),
            lines(
                "Memory",
                "Resident memory of servers.",
                "bytes",
                Query(
                    "process_resident_memory_bytes"
                    f' * on (instance) group_left vstep_build_info{{component="server",{here}}}',
                    "{{instance}}",
                ),
            ),
            lines(
                "Releases",
                "How many processes of each release run: one but for the time of an upgrade.",
                "short",
                Query(
                    "count by (component, version) (vstep_build_info)", "{{component}} {{version}}"
                ),
                stacked=True,
            ),
            lines(
                "Up",
                "What Prometheus reaches. Runbook: TargetDown.",
                "short",
                Query("sum by (job) (up)", "{{job}}"),
            ),
        ],
    )


def _storage() -> Row:
    return Row(
        "Storage",
        [
            lines(
                "Database",
                "Its size on the disk. No alert watches the disk: see the end of the runbook.",
                "bytes",
                Query("max(vstep_database_size_bytes)", "size"),
                width=6,
            ),
            lines(
                "Recordings",
                "Uploaded and erased.",
                "ops",
                Query("sum(rate(vstep_recordings_stored_total[$__rate_interval]))", "stored"),
                Query("sum(rate(vstep_recordings_erased_total[$__rate_interval]))", "erased"),
                width=6,
            ),
            lines(
                "Disk of the recordings",
                "Share that is free; nothing where they lie in a bucket. Runbook:"
                " RecordingsDiskFull.",
                "percentunit",
                Query(
                    "vstep_recordings_disk_free_bytes / vstep_recordings_disk_size_bytes",
                    "{{instance}}",
                ),
                limits=[Limit(0.1, RED)],
                width=6,
            ),
            lines(
                "RabbitMQ",
                "Its disk's space above the limit at which it takes no messages. Runbook:"
                " BrokerDiskLow.",
                "bytes",
                Query(
                    "rabbitmq_disk_space_available_bytes"
                    " - rabbitmq_disk_space_available_limit_bytes",
                    "{{instance}}",
                ),
                width=6,
            ),
        ],
    )


def _quantiles(metric: str, labels: str) -> list[Query]:
    return [
        Query(
            f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{{{labels}}}"
            "[$__rate_interval])))",
            name,
        )
        for share, name in ((0.5, "half"), (0.95, "95 of 100"), (0.99, "99 of 100"))
    ]
