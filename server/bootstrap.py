"""Wires the server: one place that knows every piece."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from grpc import aio
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from grading.broker import make_celery
from grading.domain.delay import DelayPolicy
from grading.domain.retry import RetryPolicy
from grading.domain.work import Skill
from grading.recordings import open_recordings
from grading.settings import Settings
from grading.store.engine import make_async_engine, make_engine, sqlalchemy_url
from grading.store.outbox import unsend_all
from server.backlog import Backlog
from server.broker_link import BrokerLink
from server.dead_letters import DeadLetters
from server.feeding import Feeding
from server.grading_service import GradingService
from server.health import READINESS, Health, HealthChecks
from server.interceptors.access_log import AccessLog
from server.interceptors.call_tracing import call_tracing
from server.interceptors.error_seam import ErrorSeam
from server.interceptors.request_id import RequestId
from server.interceptors.validation import Validation
from server.janitor import Janitor
from server.publisher import Publisher
from server.reaper import Reaper
from server.recording_keeper import RecordingKeeper
from server.relay import Relay
from server.store import Store
from server.submissions import Submissions
from server.uploads import Uploads
from server.watch_hub import WatchHub
from server.watching import Watching
from vstep.grading.v1.grading_service_pb2_grpc import add_GradingServiceServicer_to_server

_log = structlog.get_logger(__name__)

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
    #: The port that calls are taken on; known once it has started.
    port: int = 0

    async def start(self) -> None:
        """Take calls.

        Raises:
            OSError: the address can't be bound.
        """
        address = f"{self.settings.grading_host}:{self.settings.port}"
        try:
            self.port = self.grpc_server.add_insecure_port(address)
        except RuntimeError:
            raise OSError(f"GRADING_HOST, PORT: {address} can't be listened on") from None
        self.hub.start()
        self.relay.start()
        self._running = [asyncio.create_task(task()) for task in self.background]
        await self.grpc_server.start()
        _log.info("listening", host=self.settings.grading_host, port=self.port)

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


def make_server(settings: Settings) -> GradingServer:
    """Put the pieces together; nothing connects before ``start``."""
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
    server = aio.server(
        interceptors=[RequestId(), *call_tracing(), AccessLog(), ErrorSeam(), Validation()],
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
    add_HealthServicer_to_server(health, server)
    reflection.enable_server_reflection(
        (READINESS, "grpc.health.v1.Health", reflection.SERVICE_NAME), server
    )
    checks = HealthChecks(health, store, relay, settings.grading_poll_seconds)
    background = (reaper.run, checks.run, backlog.count, janitor.run)
    return GradingServer(settings, server, store, hub, relay, background, health)
