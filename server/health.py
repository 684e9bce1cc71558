"""The standard gRPC health service, and what each name stands for.

| name | SERVING when |
| --- | --- |
| (empty) | the process answers: liveness |
| ``vstep.grading.v1.GradingService`` | calls can be served: readiness |
| ``postgres`` | the database answers, with the schema that this code needs |
| ``rabbitmq`` | the broker answers, and took the last message that was sent |
| ``workers`` | at least one worker was heard of lately |
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import structlog
from grpc.aio import ServicerContext
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthServicer
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from grading.store.schema import current_version, expected_version
from grading.store.workers import count_alive
from server.broker_check import BrokerCheck
from server.metrics import DEPENDENCY_UP
from server.relay import Relay
from server.store import Store

_log = structlog.get_logger(__name__)

LIVENESS = ""
READINESS = "vstep.grading.v1.GradingService"
POSTGRES = "postgres"
RABBITMQ = "rabbitmq"
WORKERS = "workers"

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

Context = ServicerContext[Any, Any]


class Health(HealthServicer):
    """The health of each name, to be asked or watched.

    grpcio-health-checking's own servicer writes to a watcher under the lock that
    a change of status needs, so one watcher that doesn't read holds up all
    others. Here a change only sets an event; each watcher writes for itself.
    """

    def __init__(self) -> None:
        names = (LIVENESS, READINESS, POSTGRES, RABBITMQ, WORKERS)
        self._status: dict[str, int] = dict.fromkeys(names, NOT_SERVING)
        self._changed = asyncio.Event()
        self._draining = False

    def set(self, name: str, *, serving: bool) -> None:
        """Set the status of a name; after a drain began, nothing turns SERVING any more."""
        status = SERVING if serving and not self._draining else NOT_SERVING
        DEPENDENCY_UP.labels(name or "liveness").set(status == SERVING)
        if self._status[name] != status:
            self._status[name] = status
            _log.info("health", service=name or "liveness", serving=status == SERVING)
            self._wake()

    def drain(self) -> None:
        """Turn every name NOT_SERVING, for good."""
        self._draining = True
        for name in self._status:
            self.set(name, serving=False)

    def end_watches(self) -> None:
        """Let every ``Watch`` end, so that it doesn't outlive the drain."""
        self._status.clear()
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def Check(
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> health_pb2.HealthCheckResponse:
        status = self._status.get(request.service)
        if status is None:
            await context.abort(
                grpc.StatusCode.NOT_FOUND,
                f"service must be one of {', '.join(repr(name) for name in self._status)}",
            )
        return health_pb2.HealthCheckResponse(status=status)

    async def List(self, request: Any, context: Context) -> Any:
        # The types of this method are missing from the stubs.
        messages: Any = health_pb2
        return messages.HealthListResponse(
            statuses={
                name: health_pb2.HealthCheckResponse(status=status)
                for name, status in self._status.items()
            }
        )

    async def Watch(
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        last: int | None = None
        while self._status:
            changed = self._changed
            status = self._status.get(request.service, SERVICE_UNKNOWN)
            if status != last:
                last = status
                yield health_pb2.HealthCheckResponse(status=status)
            await changed.wait()


class HealthChecks:
    """Looks at each dependency on a timer; one that hangs holds up neither timer nor others.

    The database is asked over a connection of its own: one that the calls' pool is out of
    connections to is busy, not down.
    """

    def __init__(
        self,
        health: Health,
        store: Store,
        relay: Relay,
        broker: BrokerCheck,
        every_seconds: float,
    ) -> None:
        self._health = health
        self._store = store
        self._relay = relay
        self._broker = broker
        self._every_seconds = every_seconds
        self._expected_version = expected_version()
        #: A look at the database that was given up and has not ended.
        self._hanging: asyncio.Task[tuple[bool, bool]] | None = None

    async def run(self) -> None:
        """Check for ever, until cancelled."""
        self._broker.start()
        self._health.set(LIVENESS, serving=True)
        try:
            while True:
                await self.check()
                await asyncio.sleep(self._every_seconds)
        finally:
            self._broker.stop()
            await self._store.close()

    async def check(self) -> None:
        """Check everything once."""
        # Whether a message gets through, and whether the broker answers, are two things: a
        # broker short of memory or disk answers, and takes no messages.
        self._health.set(RABBITMQ, serving=self._relay.broker_reached and self._broker.answers)
        postgres, workers = await self._ask_database()
        self._health.set(POSTGRES, serving=postgres)
        self._health.set(WORKERS, serving=workers)
        # Without the broker, work is accepted all the same and sent later.
        self._health.set(READINESS, serving=postgres)

    async def _ask_database(self) -> tuple[bool, bool]:
        """Whether the database serves, and whether there are workers."""
        if self._hanging is not None:
            # Once cancelled, the driver still asks the database to end the query, and waits
            # for that; cancelled twice, it drops the connection.
            self._hanging.cancel()
            await asyncio.wait({self._hanging}, timeout=self._seconds)
            if not self._hanging.done():
                return False, False
            self._hanging = None
        look = asyncio.create_task(self._look_within_reach())
        # Not a timeout: it would wait until the look has ended.
        await asyncio.wait({look}, timeout=self._seconds)
        if look.done():
            return look.result()
        _log.warning("postgres_unhealthy", error="silent")
        look.cancel()
        self._hanging = look
        return False, False

    @property
    def _seconds(self) -> float:
        """How long a look at the database may take."""
        return max(self._every_seconds, 2.0)

    async def _look_within_reach(self) -> tuple[bool, bool]:
        try:
            return await self._store.run(self._look)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("postgres_unhealthy", error=type(error).__name__)
        except Exception:
            # Checks that ended would leave every name as it was.
            _log.exception("health_check_failed")
        return False, False

    def _look(self, conn: Connection) -> tuple[bool, bool]:
        version = current_version(conn)
        if version < self._expected_version:
            _log.warning("schema_behind", version=version, expected=self._expected_version)
            return False, False
        return True, count_alive(conn) > 0
