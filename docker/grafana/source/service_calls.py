"""Service: the calls that clients make, and the streams that they hold open."""

from docker.grafana.source.board import Row
from docker.grafana.source.panels import RED, Limit, Query, lines, quantiles


def calls() -> Row:
    """How calls end and how long they take, and what streams carry."""
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
                *quantiles(
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
                *quantiles("vstep_event_lag_seconds", here),
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
