"""Service: what the servers use: the outbox and its relay, the database, the machine, its disks."""

from docker.grafana.source.board import Row
from docker.grafana.source.panels import RED, Limit, Query, lines, quantiles


def underneath() -> Row:
    """What carries jobs to workers, and what the servers take of the database and the machine."""
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
                *quantiles("vstep_database_pool_wait_seconds", here),
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


def storage() -> Row:
    """What fills disks."""
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
