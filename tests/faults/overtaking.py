"""One job whose worker is frozen, overtaken, and thawed beside the one that took over."""

import asyncio
import signal
import uuid
from random import Random

from tests.faults.clients import Clients
from tests.faults.evidence import Evidence
from tests.faults.ground import Ground
from tests.faults.load import Load
from tests.faults.observers import Observers
from tests.faults.scenario import MAX_RETRIES, ask, feed_caught_up
from tests.faults.verdict import violations
from vstep.grading.v1.job_pb2 import JOB_STATE_ANALYZING

#: Long enough for the second worker to be at work when the first one is thawed.
TEXT = "slow:6"
SECONDS = 60.0


def run_overtaking(ground: Ground) -> list[str]:
    """Have a job's worker overtaken by the other one; gives what breaks the promise."""
    return asyncio.run(asyncio.wait_for(_run(ground), SECONDS))


async def _run(ground: Ground) -> list[str]:
    evidence = Evidence()
    user_id = f"learner-{uuid.uuid4()}"
    async with Clients(ground.ports) as clients:
        observers = Observers(clients, evidence, user_id)
        load = Load(clients, evidence, user_id, Random(0), observers.watch)
        feed = asyncio.create_task(observers.follow_feed())
        try:
            first = asyncio.create_task(
                observers.next_event(lambda e: (e.run, e.state) == (1, JOB_STATE_ANALYZING))
            )
            second = asyncio.create_task(
                observers.next_event(lambda e: (e.run, e.state) == (2, JOB_STATE_ANALYZING))
            )
            await load.submit(load.request(0, TEXT))
            place = ground.holder((await first).job_id)
            assert place is not None
            ground.workers[place].signal_all(signal.SIGSTOP)
            await second
            ground.workers[place].signal_all(signal.SIGCONT)
            await observers.all_ended(SECONDS)
            await feed_caught_up(evidence)
            await ask(clients, evidence, user_id)
        finally:
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)
    return violations(evidence, MAX_RETRIES)
