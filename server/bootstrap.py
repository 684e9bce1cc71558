"""Wires the server: one place that knows every piece."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from grpc import aio
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from grading.auth_settings import AuthMode, ReflectionMode
from grading.broker import make_celery
from grading.domain.delay import DelayPolicy
from grading.domain.double_marking import DoubleMarking
from grading.domain.retry import RetryPolicy
from grading.domain.work import Skill
from grading.recordings import open_recordings
from grading.settings import Settings
from grading.store.engine import make_async_engine, make_engine, sqlalchemy_url
from grading.store.outbox import unsend_all
from server.backlog import Backlog
from server.broker_check import BrokerCheck
from server.broker_link import BrokerLink
from server.callers import Callers
from server.certificates import TlsFiles
from server.dead_letters import DeadLetters
from server.feeding import Feeding
from server.grading_service import GradingService
from server.health import READINESS, Health, HealthChecks
from server.interceptors.access_log import AccessLog
from server.interceptors.authentication import Authentication
from server.interceptors.error_seam import ErrorSeam
from server.interceptors.request_id import RequestId
from server.interceptors.validation import Validation
from server.janitor import Janitor
from server.permissions import SCOPES
from server.publisher import Publisher
from server.reaper import Reaper
from server.recording_keeper import RecordingKeeper
from server.relay import Relay
from server.review_service import ReviewService
from server.store import Store
from server.submissions import Submissions
from server.tls import ServerTls
from server.uploads import Uploads
from server.watch_hub import WatchHub
from server.watching import Watching
from vstep.grading.v1.grading_service_pb2_grpc import add_GradingServiceServicer_to_server
from vstep.grading.v1.review_service_pb2_grpc import add_ReviewServiceServicer_to_server

_log = structlog.get_logger(__name__)

#: The service of examiners, as reflection names it.
REVIEWS = "vstep.grading.v1.ReviewService"
#: The largest message that is read, in bytes. An answer has at most 20,000
#: characters, which is 80 kB at the most.
MAX_MESSAGE_BYTES = 4 * 1024 * 1024


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
    #: What connections are encrypted with; None for plain text.
    tls: ServerTls | None = None
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


def make_callers(settings: Settings, store: Store) -> Callers | None:
    """What tells who calls; None where everybody is let in."""
    if settings.grading_auth is AuthMode.OFF:
        _log.warning("everybody_is_let_in", setting="GRADING_AUTH")
        return None
    return Callers(store, settings.grading_auth_cache_seconds, settings.grading_auth_grace_seconds)


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
        sqlalchemy_url(settings),
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
    service = GradingService(
        store,
        Submissions(store, backlog, relay.wake),
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
    server = aio.server(
        interceptors=[
            RequestId(),
            AccessLog(),
            ErrorSeam(),
            Authentication(callers, SCOPES, settings.grading_reflection),
            Validation(),
        ],
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            # gRPC cancels calls beyond these by chance, 1,000 and 3,000 by itself: fewer
            # than the watchers that come back at once when a server was lost.
            ("grpc.server.max_pending_requests", 20_000),
            ("grpc.server.max_pending_requests_hard_limit", 40_000),
            # Two servers on one port would take half of each other's calls.
            ("grpc.so_reuseport", 0),
        ],
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
    return GradingServer(settings, server, store, hub, relay, background, health, tls)
