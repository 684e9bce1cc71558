"""What a server counts and measures. Told to Prometheus where ``GRADING_METRICS_PORT`` says.

Gauges marked "of all servers" are read from the database, and each server tells the same:
``max by (skill)`` gives the figure, a sum gives a multiple of it.
"""

from prometheus_client import Counter, Gauge, Histogram

from grading.domain.job import UNFINISHED, JobState
from grading.domain.work import Skill

_CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STREAM_BUCKETS = (0.1, 1, 10, 60, 300, 900, 1800, 3600)
_LAG_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

CALLS = Counter(
    "vstep_rpc_calls_total",
    "Calls that ended, streams included, by method and status code.",
    ("method", "code"),
)

#: Calls of methods that nobody has registered, whatever name they bear.
UNKNOWN_CALLS = CALLS.labels("unknown", "UNIMPLEMENTED")

CALL_SECONDS = Histogram(
    "vstep_rpc_duration_seconds",
    "How long calls took that have one answer, from their first handler to their status.",
    ("method",),
    buckets=_CALL_BUCKETS,
)

STREAM_SECONDS = Histogram(
    "vstep_rpc_stream_duration_seconds",
    "How long calls were open that answer with a stream.",
    ("method",),
    buckets=_STREAM_BUCKETS,
)

STREAMS_OPEN = Gauge(
    "vstep_rpc_streams_open", "Calls that are open and answer with a stream.", ("method",)
)

MESSAGES_SENT = Counter(
    "vstep_rpc_messages_sent_total", "Messages that streams have carried to clients.", ("method",)
)

REFUSALS = Counter(
    "vstep_rpc_refusals_total",
    "Calls that were refused or failed, by the reason that their client was told.",
    ("method", "reason"),
)

WATCHERS = Gauge("vstep_watchers", "Watchers of single jobs that this server has.")

EVENT_LAG = Histogram(
    "vstep_event_lag_seconds",
    "From the beginning of the transaction that wrote an event to its being handed to gRPC for a"
    " client that waited for it; by the clocks of database and server.",
    ("method",),
    buckets=_LAG_BUCKETS,
)

JOBS_ACCEPTED = Counter(
    "vstep_jobs_accepted_total", "Jobs that were stored, repeated submissions left out.", ("skill",)
)

JOBS_DELAYED = Counter(
    "vstep_jobs_delayed_total", "Waiting jobs that were flagged as delayed.", ("skill",)
)

LEASES_LAPSED = Counter(
    "vstep_leases_lapsed_total", "Jobs whose worker gave no sign of life in time.", ("skill",)
)

MESSAGES_RELAYED = Counter(
    "vstep_relay_messages_total", "Messages that the broker has confirmed.", ("skill",)
)

MESSAGES_RESENT = Counter(
    "vstep_relay_messages_resent_total", "Messages that nobody took, and that are sent again."
)

RELAY_FAILURES = Counter(
    "vstep_relay_failures_total",
    "Turns of the relay that ended early, by what was out of reach.",
    ("dependency",),
)

DEAD_LETTERS = Counter(
    "vstep_dead_letters_total",
    "Messages that the broker gave up on, by its word for why.",
    ("cause",),
)

RECORDINGS_STORED = Counter("vstep_recordings_stored_total", "Recordings that were uploaded.")
RECORDING_BYTES = Counter("vstep_recordings_stored_bytes_total", "Bytes of uploaded recordings.")
RECORDINGS_ERASED = Counter("vstep_recordings_erased_total", "Recordings that were erased.")
RECORDINGS_DISK = Gauge(
    "vstep_recordings_disk_size_bytes", "Size of the file system that recordings are kept on."
)
RECORDINGS_DISK_FREE = Gauge(
    "vstep_recordings_disk_free_bytes", "What is free on the file system of the recordings."
)

DEPENDENCY_UP = Gauge(
    "vstep_dependency_up", "1 while the health check of this name is SERVING.", ("dependency",)
)

CERTIFICATE_EXPIRY = Gauge(
    "vstep_tls_certificate_expiry_timestamp_seconds",
    "Until when this server's certificate is good, as a Unix time; 0 without encryption.",
)

POOL_SIZE = Gauge("vstep_database_pool_size", "The most connections of this server's pool.")
POOL_IN_USE = Gauge("vstep_database_pool_in_use", "Connections that are lent just now.")
POOL_WAIT = Histogram(
    "vstep_database_pool_wait_seconds",
    "How long was waited for a connection of the pool.",
    buckets=(0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
)

QUEUE_JOBS = Gauge("vstep_queue_jobs", "Jobs that wait for a worker; of all servers.", ("skill",))
QUEUE_LIMIT = Gauge(
    "vstep_queue_limit_jobs", "How many jobs may wait before work is refused.", ("skill",)
)
QUEUE_OLDEST = Gauge(
    "vstep_queue_oldest_seconds",
    "How long ago the oldest job was accepted that waits for a worker, 0 where none waits; of all"
    " servers.",
    ("skill",),
)
OUTBOX_UNSENT = Gauge(
    "vstep_outbox_unsent_jobs",
    "Of the waiting jobs, those that the broker has no message of; of all servers.",
    ("skill",),
)
OUTBOX_OLDEST = Gauge(
    "vstep_outbox_oldest_unsent_seconds",
    "How long ago the oldest of these was accepted, 0 where there is none; of all servers.",
    ("skill",),
)
OUTBOX_WINDOW = Gauge(
    "vstep_outbox_window_jobs",
    "How many messages that nobody took the broker is given; the others wait unsent.",
    ("skill",),
)

JOBS = Gauge(
    "vstep_jobs", "Jobs that have not ended, by state; of all servers.", ("skill", "state")
)
WORKERS = Gauge("vstep_workers", "Workers that take jobs of a skill; of all servers.", ("skill",))
WORKER_SLOTS = Gauge(
    "vstep_worker_slots", "How many jobs these grade at a time; of all servers.", ("skill",)
)
SLA = Gauge("vstep_sla_seconds", "From acceptance to the deadline of a skill's jobs.", ("skill",))
AGREEMENT = Gauge(
    "vstep_agreement",
    "How far the machine and examiners agree, or two examiners, on the whole or on a criterion, in"
    " reviews of the last GRADING_AGREEMENT_SECONDS; absent of fewer than 10; of all servers.",
    ("skill", "raters", "criterion", "measure"),
)
AGREEMENT_ANSWERS = Gauge(
    "vstep_agreement_answers", "On how many answers; of all servers.", ("skill", "raters")
)
AGREEMENT_DRIFT = Gauge(
    "vstep_agreement_drift",
    "How the machine's agreement with examiners on the whole has changed since the period before,"
    " of the same length; of all servers.",
    ("skill", "measure"),
)
AGREEMENT_DRIFT_CERTAIN = Gauge(
    "vstep_agreement_drift_certain",
    "What of that is beyond chance, with a confidence of 95 of 100; of all servers.",
    ("skill", "measure"),
)
DATABASE_SIZE = Gauge("vstep_database_size_bytes", "Size of the database; of all servers.")
BUDGET = Gauge(
    "vstep_provider_budget_dollars",
    "What providers may cost in a calendar month (UTC), in US dollars; +Inf without a budget.",
)
BUDGET_SPENT = Gauge(
    "vstep_provider_budget_spent_dollars",
    "What providers have cost in this calendar month (UTC), in US dollars; of all servers.",
)

#: The states that a job passes before it ends, as ``JOBS`` tells them.
STATES = (*sorted(UNFINISHED), JobState.REVIEW_REQUIRED)

# A rate needs a value before the first event, so all series are there from the beginning.
for _skill in Skill:
    for _by_skill in (JOBS_ACCEPTED, JOBS_DELAYED, LEASES_LAPSED, MESSAGES_RELAYED):
        _by_skill.labels(_skill)
for _dependency in ("postgres", "rabbitmq"):
    RELAY_FAILURES.labels(_dependency)
#: RabbitMQ's words; any other is counted as ``unknown``.
CAUSES = ("delivery_limit", "expired", "maxlen", "rejected", "unknown")
for _cause in CAUSES:
    DEAD_LETTERS.labels(_cause)
