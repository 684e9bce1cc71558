"""What a worker process counts. Told to Prometheus where ``WORKER_METRICS_PORT`` says.

Labels are bounded: providers and models are those of the settings, outcomes and reasons those
of the code. Gauges are of the living processes of a worker.
"""

from prometheus_client import Counter, Gauge, Histogram

from grading.domain.job import JobStage, JobState
from grading.domain.work import Skill
from workers.providers.faults import ProviderFault

_JOB_BUCKETS = (
    0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900, 1200, 1800, 2700, 3600,
)  # fmt: skip

RUNS = Counter(
    "vstep_runs_total",
    "Runs of jobs that ended here, by how: 'released' were given back by a worker that shut"
    " down, 'lost' were taken away.",
    ("skill", "outcome"),
)
OUTCOMES = (
    "completed", "review_required", "failed", "retried", "postponed", "released", "lost",
)  # fmt: skip

JOBS_RUNNING = Gauge(
    "vstep_jobs_running",
    "Jobs that are graded just now.",
    ("skill",),
    multiprocess_mode="livesum",
)

STAGE_SECONDS = Histogram(
    "vstep_job_stage_duration_seconds",
    "How long jobs were in a stage: 'waiting' from their acceptance to their first run, the"
    " others in each run.",
    ("skill", "stage"),
    buckets=_JOB_BUCKETS,
)

JOB_SECONDS = Histogram(
    "vstep_job_duration_seconds",
    "From the acceptance of a job to its result, by the state that it came to.",
    ("skill", "state"),
    buckets=_JOB_BUCKETS,
)

LEASE_RENEWAL_LATE = Histogram(
    "vstep_lease_renewal_late_seconds",
    "How long after its time a lease was renewed.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2, 5, 10),
)

PROVIDER_CALLS = Counter(
    "vstep_provider_calls_total",
    "Calls to providers of models; the outcome is 'answered' or the code of a fault.",
    ("provider", "model", "stage", "outcome"),
)

PROVIDER_CALL_SECONDS = Histogram(
    "vstep_provider_call_seconds",
    "How long calls to providers of models took, from the request to the last byte or the fault.",
    ("provider", "model"),
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600),
)

PROVIDER_CALLS_IN_FLIGHT = Gauge(
    "vstep_provider_calls_in_flight",
    "Calls to providers of models that wait for their answer.",
    multiprocess_mode="livesum",
)

PROVIDER_TOKENS = Counter(
    "vstep_provider_tokens_total",
    "Tokens that were paid for: 'prompt' without the cached ones, 'cached', and 'completion'.",
    ("provider", "model", "kind"),
)

PROVIDER_AUDIO_SECONDS = Counter(
    "vstep_provider_audio_seconds_total",
    "Seconds of sound whose transcription was paid for.",
    ("provider", "model"),
)

PROVIDER_COST = Counter(
    "vstep_provider_cost_dollars_total",
    "What calls to models with a price cost, in US dollars.",
    ("provider", "model"),
)

PROVIDER_ANSWERS_RECALLED = Counter(
    "vstep_provider_answers_recalled_total",
    "Answers that an earlier run of the job had paid for.",
    ("model", "stage"),
)

BREAKER_OPEN = Gauge(
    "vstep_provider_breaker_open",
    "1 while the circuit breaker lets no call through, 0.5 while it lets trial calls through.",
    ("provider", "model"),
    multiprocess_mode="livemax",
)

FALLBACKS = Counter(
    "vstep_grading_fallbacks_total",
    "Jobs that were graded without a model's evidence, or transcribed here, although a provider is"
    " set; by the reason.",
    ("reason",),
)

# A rate needs a value before the first event, so all series are there from the beginning.
for _fault in ProviderFault.__subclasses__():
    FALLBACKS.labels(_fault.code)
RUNS_OF = {(skill, outcome): RUNS.labels(skill, outcome) for skill in Skill for outcome in OUTCOMES}
JOBS_RUNNING_OF = {skill: JOBS_RUNNING.labels(skill) for skill in Skill}
STAGE_SECONDS_OF = {
    (skill, stage): STAGE_SECONDS.labels(skill, stage)
    for skill in Skill
    for stage in (JobStage.WAITING, JobStage.STARTING, JobStage.MEASURING, JobStage.SCORING)
}
JOB_SECONDS_OF = {
    (skill, state): JOB_SECONDS.labels(skill, state)
    for skill in Skill
    for state in (JobState.COMPLETED, JobState.REVIEW_REQUIRED)
}
