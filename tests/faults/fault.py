"""Each kind of fault: its damage and its repair."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psycopg

from tests.faults.clients import Clients
from tests.faults.evidence import Evidence
from tests.faults.ground import Ground
from tests.faults.observers import Observers
from tests.faults.plan import Kind, Strike
from tests.stack.stack import Server, Worker
from vstep.grading.v1.job_pb2 import (
    JOB_STAGE_MEASURING,
    JOB_STAGE_SCORING,
    JOB_STAGE_STARTING,
    JobEvent,
)

#: How the texts begin that dwell in a stage.
DWELLING = {
    JOB_STAGE_STARTING: ("late:",),
    JOB_STAGE_MEASURING: ("slow:", "silent:"),
    JOB_STAGE_SCORING: ("last:",),
}
#: For how long, in seconds: longer than the lease of 2 s, and a sweep of the reaper.
FROZEN = (3.0, 5.0)
SERVER_FROZEN = (1.0, 7.0)
POSTGRES_DOWN = (0.0, 2.0)
RABBITMQ_DOWN = (0.0, 2.0)


@dataclass
class Faults:
    """Strikes the ground. Faults overlap, but for two of the same part."""

    ground: Ground
    clients: Clients
    observers: Observers
    evidence: Evidence
    #: The kinds that struck, in their order.
    struck: list[Kind] = field(default_factory=list)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def strike(self, strike: Strike) -> None:
        """Wait for the moment of a fault, do its damage, and repair what doesn't by itself."""
        await asyncio.sleep(strike.at)
        await _DEEDS[strike.kind](self, strike)

    async def _kill_worker(self, strike: Strike) -> None:
        await self._at_worker(strike, Worker.kill)

    async def _kill_parent(self, strike: Strike) -> None:
        await self._at_worker(strike, lambda worker: worker.signal(signal.SIGKILL))

    async def _kill_child(self, strike: Strike) -> None:
        await self._at_worker(strike, Worker.kill_children)

    async def _at_worker(self, strike: Strike, deed: Callable[[Worker], None]) -> None:
        async with self._lock(f"worker {strike.target}"):
            self.struck.append(strike.kind)
            await asyncio.to_thread(deed, self.ground.workers[strike.target])

    async def _kill_at_stage(self, strike: Strike) -> None:
        async with self._holder_in(_STAGES[strike.kind]) as worker:
            self.struck.append(strike.kind)
            await asyncio.to_thread(worker.kill)

    async def _freeze_worker(self, strike: Strike) -> None:
        async with self._holder_in(_STAGES[strike.kind]) as worker:
            self.struck.append(strike.kind)
            await asyncio.to_thread(worker.signal_all, signal.SIGSTOP)
            await asyncio.sleep(_within(FROZEN, strike))
            await asyncio.to_thread(worker.signal_all, signal.SIGCONT)

    @asynccontextmanager
    async def _holder_in(self, stage: int) -> AsyncIterator[Worker]:
        """Wait until a worker dwells in a stage of a job, as a watcher sees it."""

        def dwells(event: JobEvent) -> bool:
            text = self.evidence.accepted[event.job_id].request.writing.text
            return event.stage == stage and text.startswith(DWELLING[event.stage])

        while True:
            event = await self.observers.next_event(dwells)
            try:
                place = await asyncio.to_thread(self.ground.holder, event.job_id)
            except psycopg.OperationalError:
                continue  # the database is down; there will be another such job
            if place is None or self._lock(f"worker {place}").locked():
                continue
            async with self._lock(f"worker {place}"):
                yield self.ground.workers[place]
            return

    async def _kill_server(self, strike: Strike) -> None:
        async with self._lock(f"server {strike.target}"):
            self.struck.append(strike.kind)
            await asyncio.to_thread(self.ground.servers[strike.target].kill)

    async def _kill_servers(self, strike: Strike) -> None:
        async with self._lock("server 0"), self._lock("server 1"):
            self.struck.append(strike.kind)
            for server in [*self.ground.servers]:
                await asyncio.to_thread(Server.kill, server)

    async def _freeze_server(self, strike: Strike) -> None:
        async with self._lock(f"server {strike.target}"):
            self.struck.append(strike.kind)
            server = self.ground.servers[strike.target]
            server.signal(signal.SIGSTOP)
            await asyncio.sleep(_within(SERVER_FROZEN, strike))
            server.signal(signal.SIGCONT)

    async def _kill_rabbitmq(self, strike: Strike) -> None:
        async with self._lock("RabbitMQ"):
            self.struck.append(strike.kind)
            await asyncio.to_thread(self.ground.rabbit.kill)
            await asyncio.sleep(_within(RABBITMQ_DOWN, strike))
            await asyncio.to_thread(self.ground.rabbit.start)

    async def _wipe_rabbitmq(self, strike: Strike) -> None:
        async with self._lock("RabbitMQ"):
            self.struck.append(strike.kind)
            await asyncio.to_thread(self.ground.rabbit.wipe)

    async def _shut_down_postgres(self, strike: Strike) -> None:
        await self._at_postgres(strike, self.ground.shut_down_postgres)

    async def _kill_postgres(self, strike: Strike) -> None:
        await self._at_postgres(strike, self.ground.postgres.kill)

    async def _at_postgres(self, strike: Strike, deed: Callable[[], None]) -> None:
        async with self._lock("PostgreSQL"):
            self.struck.append(strike.kind)
            await asyncio.to_thread(deed)
            await asyncio.sleep(_within(POSTGRES_DOWN, strike))
            await asyncio.to_thread(self.ground.postgres.start)

    async def _kill_backend(self, strike: Strike) -> None:
        async with self._lock("PostgreSQL"):
            self.struck.append(strike.kind)
            await asyncio.to_thread(self.ground.kill_backend)

    async def _cut_clients(self, strike: Strike) -> None:
        self.struck.append(strike.kind)
        self.clients.cut()

    def _lock(self, part: str) -> asyncio.Lock:
        return self._locks.setdefault(part, asyncio.Lock())


_DEEDS: dict[Kind, Callable[[Faults, Strike], Awaitable[None]]] = {
    Kind.WORKER_KILLED_STARTING: Faults._kill_at_stage,
    Kind.WORKER_KILLED_MEASURING: Faults._kill_at_stage,
    Kind.WORKER_KILLED_SCORING: Faults._kill_at_stage,
    Kind.WORKER_KILLED_ANYTIME: Faults._kill_worker,
    Kind.WORKER_PARENT_KILLED: Faults._kill_parent,
    Kind.WORKER_CHILD_KILLED: Faults._kill_child,
    Kind.WORKER_FROZEN_MEASURING: Faults._freeze_worker,
    Kind.WORKER_FROZEN_SCORING: Faults._freeze_worker,
    Kind.SERVER_KILLED: Faults._kill_server,
    Kind.SERVERS_KILLED: Faults._kill_servers,
    Kind.SERVER_FROZEN: Faults._freeze_server,
    Kind.RABBITMQ_KILLED: Faults._kill_rabbitmq,
    Kind.RABBITMQ_WIPED: Faults._wipe_rabbitmq,
    Kind.POSTGRES_STOPPED: Faults._shut_down_postgres,
    Kind.POSTGRES_KILLED: Faults._kill_postgres,
    Kind.POSTGRES_BACKEND_KILLED: Faults._kill_backend,
    Kind.CLIENTS_CUT: Faults._cut_clients,
}

_STAGES = {
    Kind.WORKER_KILLED_STARTING: JOB_STAGE_STARTING,
    Kind.WORKER_KILLED_MEASURING: JOB_STAGE_MEASURING,
    Kind.WORKER_KILLED_SCORING: JOB_STAGE_SCORING,
    Kind.WORKER_FROZEN_MEASURING: JOB_STAGE_MEASURING,
    Kind.WORKER_FROZEN_SCORING: JOB_STAGE_SCORING,
}


def _within(bounds: tuple[float, float], strike: Strike) -> float:
    least, most = bounds
    return least + (most - least) * strike.length
