"""An upgrade under load: every server and worker is asked to end, one after the other."""

import asyncio
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random

from grading.domain.job import TERMINAL
from tests.faults.clients import Clients
from tests.faults.evidence import Evidence
from tests.faults.ground import Ground
from tests.faults.load import Load
from tests.faults.observers import Observers
from tests.faults.scenario import MAX_RETRIES, SETTLE_SECONDS, ask, feed_caught_up
from tests.faults.verdict import state_of, violations
from tests.stack.door import READINESS, SERVING
from tests.stack.process import Process
from tests.stack.stack import Server, Worker
from vstep.grading.v1.job_pb2 import JOB_STAGE_MEASURING, JobEvent

#: Nothing in it uses up a retry, so that whatever does was the restarts' doing.
TEXTS = {"Graded at once.": 40, "slow:0.4": 20, "slow:1.5": 20, "silent:0.4": 10, "last:0.6": 10}
#: Jobs that are under way at a time, and what lies between two submissions, in seconds.
UNDER_WAY, PAUSE_SECONDS = 10, 0.05
#: What a process may take to end once it is asked, in seconds: as long as the longest job
#: says nothing, and what a drain allows.
END_SECONDS = 20.0
#: What all restarts may take, on a machine that is busy with other things.
LONGEST_SECONDS = 120.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class RollingReport:
    """What a rolling restart came to."""

    seed: int
    seconds: float
    #: How many jobs ended in each state.
    ends: Counter[str]
    #: How many jobs were given back by a worker that ended.
    given_back: int
    resumes: int
    violations: list[str]

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {state}" for state, count in self.ends.most_common())
        return "\n".join(
            (
                f"seed {self.seed}: rolling restart, {self.ends.total()} jobs,"
                f" {len(self.violations)} violations, {self.seconds:.0f} s",
                f"  jobs: {ends}; {self.given_back} given back; {self.resumes} streams resumed",
                *(f"  VIOLATION: {violation}" for violation in self.violations),
            )
        )


def run_rolling(ground: Ground, seed: int) -> RollingReport:
    """Restart everything under load, on a ground that stands."""
    return asyncio.run(_run(ground, seed))


async def _run(ground: Ground, seed: int) -> RollingReport:
    began = time.monotonic()
    evidence = Evidence()
    user_id = f"learner-rolling-{seed}-{uuid.uuid4()}"
    async with Clients(ground.ports) as clients:
        observers = Observers(clients, evidence, user_id)
        load = Load(clients, evidence, user_id, Random(seed), observers.watch)
        keeper = asyncio.create_task(ground.keep_up())
        feed = asyncio.create_task(observers.follow_feed())
        try:
            enough = asyncio.Event()
            busy = asyncio.create_task(_keep_busy(load, evidence, enough))
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    restarts = await _restart_all(ground, observers)
            finally:
                enough.set()
                await busy
            await observers.all_ended(SETTLE_SECONDS)
            await feed_caught_up(evidence)
            await ask(clients, evidence, user_id)
            assert not keeper.done(), keeper.result()
        finally:
            for task in (keeper, feed):
                task.cancel()
            await asyncio.gather(keeper, feed, return_exceptions=True)
    found = violations(evidence, MAX_RETRIES, shutdowns=restarts)
    found += [
        f"job {job.id} used up {job.retries} retries"
        for job in evidence.jobs.values()
        if job.retries
    ]
    return RollingReport(
        seed=seed,
        seconds=time.monotonic() - began,
        ends=Counter(state_of(events[-1]) for events in evidence.watched.values() if events),
        given_back=sum(job.run - 1 for job in evidence.jobs.values()),
        resumes=evidence.resumes,
        violations=found,
    )


async def _keep_busy(load: Load, evidence: Evidence, enough: asyncio.Event) -> None:
    """Submit jobs, never more than are graded soon, until there are enough."""
    for number in count():
        while sum(not _has_ended(events) for events in evidence.watched.values()) >= UNDER_WAY:
            await asyncio.sleep(PAUSE_SECONDS)
        if enough.is_set():
            return
        [text] = load.chance.choices([*TEXTS], [*TEXTS.values()])
        await load.submit(load.request(number, text))
        await asyncio.sleep(PAUSE_SECONDS)


def _has_ended(events: list[JobEvent]) -> bool:
    return bool(events) and state_of(events[-1]) in TERMINAL


async def _restart_all(ground: Ground, observers: Observers) -> int:
    """Restart servers and workers in turns, each when the one before is back; tells how many."""
    for place in range(len(ground.ports)):
        server = ground.servers[place]
        await _ended(server)
        await _until(partial(_is_back, ground, place, server))
        worker = await _worker_at_work(ground, observers, place)
        await _ended(worker)
        await _until(partial(_has_come, ground, place, worker))
    return 2 * len(ground.ports)


async def _worker_at_work(ground: Ground, observers: Observers, place: int) -> Worker:
    """Wait until the worker is in the middle of a job, so that there is one to give back."""

    def measures(event: JobEvent) -> bool:
        return event.stage == JOB_STAGE_MEASURING

    while True:
        event = await observers.next_event(measures)
        if await asyncio.to_thread(ground.holder, event.job_id) == place:
            return ground.workers[place]


async def _ended(process: Process) -> None:
    process.signal(signal.SIGTERM)
    code = await asyncio.to_thread(process.wait, END_SECONDS)
    assert code == 0, f"the {process.name} ended with {code}:\n{process.output()[-2000:]}"


def _is_back(ground: Ground, place: int, old: Server) -> bool:
    server = ground.servers[place]
    return server is not old and server.door.status(READINESS) == SERVING


def _has_come(ground: Ground, place: int, old: Worker) -> bool:
    worker = ground.workers[place]
    return worker is not old and bool(
        ground.database.rows("SELECT name FROM workers WHERE name = %s", worker.hostname)
    )


async def _until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(SETTLE_SECONDS):
        while not await asyncio.to_thread(look):
            await asyncio.sleep(LOOK_SECONDS)
