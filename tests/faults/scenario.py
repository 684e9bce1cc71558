"""One scenario: a load, a plan of faults over it, and the verdict on what was seen."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import grpc
from grpc import aio

from tests.faults.clients import Clients
from tests.faults.evidence import Evidence
from tests.faults.fault import Faults
from tests.faults.ground import Ground
from tests.faults.load import Load
from tests.faults.observers import Observers
from tests.faults.plan import Kind, Strike, draw
from tests.faults.verdict import state_of, violations
from vstep.grading.v1 import grading_service_pb2 as messages

#: What ``GRADING_MAX_RETRIES`` is where nothing else is said.
MAX_RETRIES = 3
#: How long jobs may take to end once nothing is broken any more, in seconds.
SETTLE_SECONDS = 150.0
#: How long the feed may take to bring what the watchers have seen, in seconds.
FEED_SECONDS = 10.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Size:
    """How much happens in a scenario."""

    jobs: int = 220
    #: Over how many seconds the jobs are submitted.
    seconds: float = 55.0
    #: Over how many of them the faults strike: one that waits for a worker to be at
    #: a certain stage needs jobs that are still to come.
    strike_seconds: float = 45.0
    #: How many cheap faults there are beside one of each kind.
    more: int = 6


@dataclass(frozen=True)
class Report:
    """What a scenario came to."""

    seed: int
    seconds: float
    struck: Sequence[Kind]
    #: How many jobs ended in each state.
    ends: Counter[str]
    refused: int
    #: The most runs that any job had.
    most_runs: int
    resumes: int
    violations: Sequence[str]

    def __str__(self) -> str:
        kinds = Counter(self.struck)
        ends = ", ".join(f"{count} {state}" for state, count in self.ends.most_common())
        return "\n".join(
            (
                f"seed {self.seed}: {len(self.struck)} faults, {self.ends.total()} jobs,"
                f" {len(self.violations)} violations, {self.seconds:.0f} s",
                f"  jobs: {ends}; {self.refused} submissions refused;"
                f" at most {self.most_runs} runs; {self.resumes} streams resumed",
                *(f"  {count} x {kind}" for kind, count in kinds.items()),
                *(f"  VIOLATION: {violation}" for violation in self.violations),
            )
        )


def run_scenario(ground: Ground, seed: int, size: Size) -> Report:
    """Run the scenario of a seed on a ground that stands."""
    return asyncio.run(_run(ground, seed, size))


async def _run(ground: Ground, seed: int, size: Size) -> Report:
    began = time.monotonic()
    chance = Random(seed)
    evidence = Evidence()
    user_id = f"learner-{seed}-{uuid.uuid4()}"
    plan = draw(chance, size.strike_seconds, size.more)
    async with Clients(ground.ports) as clients:
        observers = Observers(clients, evidence, user_id)
        faults = Faults(ground, clients, observers, evidence)
        load = Load(clients, evidence, user_id, chance, observers.watch)
        keeper = asyncio.create_task(ground.keep_up())
        feed = asyncio.create_task(observers.follow_feed())
        try:
            await _strike(faults, plan, load, size)
            await observers.all_ended(SETTLE_SECONDS)
            await feed_caught_up(evidence)
            await ask(clients, evidence, user_id)
            assert not keeper.done(), keeper.result()
        finally:
            for task in (keeper, feed):
                task.cancel()
            await asyncio.gather(keeper, feed, return_exceptions=True)
    return Report(
        seed=seed,
        seconds=time.monotonic() - began,
        struck=faults.struck,
        ends=Counter(state_of(events[-1]) for events in evidence.watched.values() if events),
        refused=len(evidence.refused),
        most_runs=max((job.run for job in evidence.jobs.values()), default=0),
        resumes=evidence.resumes,
        violations=violations(evidence, MAX_RETRIES),
    )


async def _strike(faults: Faults, plan: Sequence[Strike], load: Load, size: Size) -> None:
    strikes = [asyncio.create_task(faults.strike(strike)) for strike in plan]
    try:
        await load.run(size.jobs, size.seconds)
        await asyncio.wait(strikes, timeout=SETTLE_SECONDS)
    finally:
        for strike in strikes:
            strike.cancel()
    for ended in await asyncio.gather(*strikes, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


async def feed_caught_up(evidence: Evidence) -> None:
    """Wait until the feed has brought what the watchers were given, within a limit."""
    until = time.monotonic() + FEED_SECONDS
    watched = {(e.job_id, e.sequence) for events in evidence.watched.values() for e in events}
    while time.monotonic() < until:
        if watched <= {(given.event.job_id, given.event.sequence) for given in evidence.feed}:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def ask(clients: Clients, evidence: Evidence, user_id: str) -> None:
    """Ask, once all is over, where each job stands and which jobs there are."""
    for job_id in evidence.accepted:
        await _ask_for(clients, evidence, job_id)
    token = ""
    while True:
        page = await clients.call(
            lambda stub: stub.ListJobs,
            messages.ListJobsRequest(user_id=user_id, page_size=100, page_token=token),
        )
        evidence.listed += page.jobs
        token = page.next_page_token
        if not token:
            return


async def _ask_for(clients: Clients, evidence: Evidence, job_id: str) -> None:
    wanted = messages.GetJobRequest(job_id=job_id)
    try:
        answer = await clients.call(lambda stub: stub.GetJob, wanted)
        evidence.jobs[job_id] = answer.job
        given = await clients.call(
            lambda stub: stub.GetResult, messages.GetResultRequest(job_id=job_id)
        )
        evidence.results[job_id] = given.result
    except aio.AioRpcError as error:
        # NOT_FOUND leaves a gap, which the verdict finds.
        if error.code() not in (
            grpc.StatusCode.NOT_FOUND,
            grpc.StatusCode.FAILED_PRECONDITION,
        ):
            evidence.oddities.append(f"asking for job {job_id} ended with {error.code().name}")
