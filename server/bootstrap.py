"""Wires the server: one place that knows every piece."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from grpc import aio
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection
from prometheus_client import REGISTRY, CollectorRegistry

from grading.audio_settings import folder_of
from grading.auth_settings import AuthMode, ReflectionMode
from grading.broker import make_celery
from grading.domain.delay import DelayPolicy
from grading.domain.double_marking import DoubleMarking
from grading.domain.retry import RetryPolicy
from grading.domain.work import Skill
from grading.exposition import BuildInfo, Exposition
from grading.recordings import open_recordings
from grading.settings import Settings
from grading.store.engine import listen_conninfo, make_async_engine, make_engine
from grading.store.outbox import unsend_all
from server import metrics
from server.agreement_observer import AgreementObserver
from server.backlog import Backlog
from server.broker_check import BrokerCheck
from server.broker_link import BrokerLink
from server.callers import Callers
from server.certificates import TlsFiles
from server.dead_letters import DeadLetters
from server.feeding import Feeding
from server.grading_service import GradingService
from server.grpc_server import make_grpc_server
from server.health import READINESS, Health, HealthChecks
from server.interceptors.access_log import AccessLog
from server.interceptors.authentication import Authentication
from server.interceptors.call_metrics import CallMetrics
from server.interceptors.call_rate import CallRateLimit
from server.interceptors.call_tracing import call_tracing
from server.interceptors.error_seam import ErrorSeam
from server.interceptors.open_streams import OpenStreams
from server.interceptors.request_id import RequestId
from server.interceptors.time_limit import TimeLimit
from server.interceptors.validation import Validation
from server.janitor import Janitor
from server.observer import Observer
from server.permissions import SCOPES
from server.publisher import Publisher
from server.rates import CallRate, JobQuota
from server.reaper import Reaper
from server.recording_keeper import RecordingKeeper
from server.relay import Relay
from server.review_service import ReviewService
from server.shared_counts import SharedCounts
from server.store import Store
from server.submissions import Submissions
from server.tls import ServerTls
from server.transport import transport_options
from server.uploads import Uploads
from server.watch_hub import WatchHub
from server.watching import Watching
from vstep.grading.v1.grading_service_pb2_grpc import add_GradingServiceServicer_to_server
from vstep.grading.v1.review_service_pb2_grpc import add_ReviewServiceServicer_to_server

_log = structlog.get_logger(__name__)

#: The service of examiners, as reflection names it.
REVIEWS = "vstep.grading.v1.ReviewService"


@dataclass
class GradingServer:
    """The running pieces, and the order in which they start and end."""

    settings: Settings
    grpc_server: aio.Server
    store: Store
    hub: WatchHub
    relay: Relay
    #: What runs until the server ends: reaper, health checks, counts, purges.
    background: Sequence[Callable[[], Coroutine[None, None, None]]]
    health: Health
    counts: SharedCounts
    #: What connections are encrypted with; None for plain text.
    tls: ServerTls | None = None
    #: Tells Prometheus of the server; None where nobody asked for that.
    exposition: Exposition | None = None
    #: The port that calls are taken on; known once it has started.
    port: int = 0

    async def start(self) -> None:
        """Take calls.

        Raises:
            OSError: the address can't be bound.
        """
        address = f"{self.settings.grading_host}:{self.settings.port}"
        try:
            if self.tls is None:
                self.port = self.grpc_server.add_insecure_port(address)
            else:
                self.port = self.grpc_server.add_secure_port(address, self.tls.credentials)
        except RuntimeError:
            raise OSError(f"GRADING_HOST, PORT: {address} can't be listened on") from None
        if self.exposition is not None:
            self.exposition.start()
        self.hub.start()
        self.relay.start()
        self._running = [asyncio.create_task(task()) for task in self.background]
        await self.grpc_server.start()
        _log.info(
            "listening",
            host=self.settings.grading_host,
            port=self.port,
            encrypted=self.tls is not None,
        )

    async def drain(self) -> None:
        """Stop: turn unready, end streams, let calls in flight finish, end the rest."""
        _log.info("draining", watchers=self.hub.watchers)
        self.health.drain()
        self.hub.drain()
        # Health watchers see NOT_SERVING first; then their streams end too.
        await asyncio.sleep(0.1)
        self.health.end_watches()
        await self.grpc_server.stop(self.settings.grading_drain_seconds)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.hub.stop()
        await asyncio.to_thread(self.relay.stop, 1.0)
        await self.store.close()
        await self.counts.close()
        _log.info("stopped")


def make_relay(settings: Settings) -> Relay:
    """Put the relay together, with two connections to the database of its own."""
    engine = make_engine(settings, "vstep-grading-relay", pool_size=2)
    celery = make_celery(settings, "vstep-grading-relay")

    def send_all_again() -> None:
        with engine.connect() as conn:
            _log.warning("broker_empty", messages_to_send_again=unsend_all(conn))

    link = BrokerLink(celery, on_wiped=send_all_again)
    return Relay(
        engine,
        link,
        Publisher(celery, link),
        DeadLetters(link, engine),
        [skill.value for skill in Skill],
        settings.grading_poll_seconds,
    )


def make_exposition(settings: Settings) -> Exposition | None:
    """What tells Prometheus of this process; None where no port is set.

    Raises:
        SettingsError: the port can't be listened on.
    """
    for skill, seconds in settings.sla_seconds.items():
        metrics.SLA.labels(skill).set(seconds)
    metrics.BUDGET.set(
        math.inf if settings.grading_budget is None else float(settings.grading_budget)
    )
    if not settings.grading_metrics_port:
        return None
    registry = CollectorRegistry()
    registry.register(REGISTRY)
    registry.register(BuildInfo("server"))
    return Exposition(
        registry,
        settings.grading_metrics_host,
        settings.grading_metrics_port,
        "GRADING_METRICS_PORT",
    )


def make_callers(settings: Settings, store: Store) -> Callers | None:
    """What tells who calls; None where everybody is let in."""
    if settings.grading_auth is AuthMode.OFF:
        _log.warning("everybody_is_let_in", setting="GRADING_AUTH")
        return None
    return Callers(store, settings.grading_auth_cache_seconds, settings.grading_auth_grace_seconds)


def make_call_rate(settings: Settings, counts: SharedCounts) -> CallRate | None:
    """How often a caller may call; None for as often as it likes."""
    per_second = settings.grading_calls_per_second
    return CallRate(counts, per_second, settings.grading_calls_burst) if per_second else None


def make_job_quota(settings: Settings, counts: SharedCounts) -> JobQuota | None:
    """How many jobs a tenant may hand in; None for any number."""
    jobs = settings.grading_jobs_per_day
    return JobQuota(counts, jobs) if jobs else None


def make_server(settings: Settings) -> GradingServer:
    """Put the pieces together; nothing connects before ``start``.

    Raises:
        SettingsError: what a setting names can't be used.
    """
    files = TlsFiles.of(settings)
    tls = None if files is None else ServerTls(files)
    store = Store(make_async_engine(settings, "vstep-grading-server"))
    relay = make_relay(settings)
    hub = WatchHub(
        store,
        listen_conninfo(settings),
        listen=settings.grading_notify,
        poll_seconds=settings.grading_poll_seconds,
    )
    time_allowed = {
        skill: timedelta(seconds=seconds) for skill, seconds in settings.sla_seconds.items()
    }
    recordings = open_recordings(settings)
    keeper = RecordingKeeper(store, recordings)
    reaper = Reaper(
        store,
        RetryPolicy(
            settings.grading_max_retries,
            timedelta(seconds=settings.grading_retry_backoff_cap_seconds),
        ),
        timedelta(seconds=settings.grading_resend_seconds),
        {
            skill: DelayPolicy(allowed, settings.grading_delayed_backlog)
            for skill, allowed in time_allowed.items()
        },
        settings.grading_poll_seconds,
        relay.wake,
    )
    backlog = Backlog(store, settings.grading_max_backlog, settings.grading_poll_seconds)
    janitor = Janitor(
        store,
        timedelta(seconds=settings.grading_retention_events_seconds),
        timedelta(seconds=settings.grading_retention_answers_seconds),
        keeper,
    )
    health = Health()
    counts = SharedCounts(
        None if settings.redis_url is None else settings.redis_url.get_secret_value()
    )
    service = GradingService(
        store,
        Submissions(store, backlog, relay.wake, make_job_quota(settings, counts)),
        Watching(
            store,
            hub,
            settings.grading_heartbeat_seconds,
            settings.grading_stream_max_age_seconds,
        ),
        Feeding(
            store,
            hub,
            settings.grading_heartbeat_seconds,
            settings.grading_stream_max_age_seconds,
        ),
        Uploads(
            store,
            recordings,
            settings.grading_max_audio_bytes,
            timedelta(seconds=settings.grading_retention_uploads_seconds),
        ),
        keeper,
        time_allowed,
    )
    reviews = ReviewService(
        store,
        timedelta(seconds=settings.grading_review_claim_seconds),
        DoubleMarking(settings.grading_double_mark_rate),
    )
    callers = make_callers(settings, store)
    server = make_grpc_server(
        interceptors=[
            RequestId(),
            *call_tracing(),
            CallMetrics(),
            AccessLog(),
            ErrorSeam(),
            TimeLimit(settings.grading_call_seconds, settings.grading_upload_seconds),
            Authentication(callers, SCOPES, settings.grading_reflection),
            CallRateLimit(make_call_rate(settings, counts)),
            OpenStreams(settings.grading_streams_per_server, settings.grading_streams_per_caller),
            Validation(),
        ],
        options=transport_options(settings),
    )
    add_GradingServiceServicer_to_server(service, server)
    add_ReviewServiceServicer_to_server(reviews, server)
    add_HealthServicer_to_server(health, server)
    if settings.grading_reflection is not ReflectionMode.OFF:
        reflection.enable_server_reflection(
            (READINESS, REVIEWS, "grpc.health.v1.Health", reflection.SERVICE_NAME), server
        )
    checks = HealthChecks(
        health,
        Store(make_async_engine(settings, "vstep-grading-health", pool_size=1)),
        relay,
        BrokerCheck(
            settings, make_celery(settings, "vstep-grading-health"), settings.grading_poll_seconds
        ),
        settings.grading_poll_seconds,
    )
    background = [reaper.run, checks.run, backlog.count, janitor.run]
    if callers is not None:
        background.append(callers.run)
    if tls is not None:
        background.append(tls.run)
    exposition = make_exposition(settings)
    if exposition is not None:
        folder = folder_of(settings.audio_url)
        background.append(Observer(store, hub, backlog.waiting, folder).run)
        rolling = timedelta(seconds=settings.grading_agreement_seconds)
        background.append(AgreementObserver(store, rolling).run)
    return GradingServer(
        settings, server, store, hub, relay, background, health, counts, tls, exposition
    )
