"""What metrics, traces and logs cost: submissions and whole jobs with all of it on, and with none.

``python -m bench.observability``. Two servers, each with a worker, a PostgreSQL and a virtual
host of its own: one pair tells everything, its spans to a collector in a process of its own, and
the other nothing but errors. They take turns, several rounds of each, the one that goes first
changing; the aims are the medians of the rounds' ratios, so that a neighbour's burst of work in
one round doesn't decide.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from urllib.request import urlopen

from grpc import aio

from bench.broker import private_rabbit
from bench.command import run
from bench.completions import completions
from bench.ground import ground
from bench.load import closed_loop
from bench.pipeline import POOL, pipeline_rate
from bench.report import Aim, Bound, Figure, Report
from bench.submissions import batches, submissions
from bench.submit import METHOD
from embedded.ports import free_port
from tests.stack.rabbitmq import PrivateRabbit

ROUNDS = 5
SECONDS = 3.0
IN_FLIGHT = 16
#: More than can be submitted in one round.
REQUESTS = 20_000
#: Batches to a round of whole jobs.
BATCHES = 10
AIM = 0.85
#: Nobody is refused or flagged for the backlog that the submissions make.
_ROOM = {"GRADING_MAX_BACKLOG": "10000000", "GRADING_DELAYED_BACKLOG": "10000000"}
_SILENT = {"LOG_LEVEL": "error", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}

_WORKER = (*POOL, "--queues", "writing")


@dataclass(frozen=True)
class Sides:
    """The addresses of two servers for each kind of work."""

    on: str
    off: str


def _telling(collector: int) -> dict[str, str]:
    return {
        "LOG_LEVEL": "info",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector}",
        "GRADING_METRICS_PORT": str(free_port()),
        "WORKER_METRICS_PORT": str(free_port()),
    }


@contextmanager
def _sides(rabbit: PrivateRabbit, collector: int, *, graded: bool) -> Iterator[Sides]:
    """Run a server that tells everything, and one that tells nothing; workers where ``graded``."""
    addresses = []
    with ExitStack() as stack:
        for variables in (_telling(collector), _SILENT):
            url = stack.enter_context(rabbit.virtual_host())
            base = stack.enter_context(ground(url))
            addresses.append(stack.enter_context(base.server(**_ROOM, **variables)))
            if graded:
                stack.enter_context(base.worker("bench.instant_worker", *_WORKER, **variables))
        yield Sides(*addresses)


def _submissions_kept(sides: Sides) -> tuple[list[float], dict[str, float]]:
    """Share of the submissions a second that is kept, by round; and the rates' medians."""

    requests = submissions("single")

    def rate(address: str) -> float:
        prepared = iter(list(itertools.islice(requests, REQUESTS)))
        loop = closed_loop(address, METHOD, prepared, IN_FLIGHT, SECONDS)
        return asyncio.run(loop).per_second

    for address in (sides.on, sides.off):
        rate(address)  # caches and prepared statements fill
    rates = []
    for number in range(ROUNDS):
        order = [sides.on, sides.off][:: -1 if number % 2 else 1]
        found = {address: rate(address) for address in order}
        rates.append((found[sides.on], found[sides.off]))
    return _compared("submit", rates)


async def _jobs_kept(sides: Sides) -> tuple[list[float], dict[str, float]]:
    """The same of jobs from their submission to COMPLETED."""
    prepared = batches("pipeline")
    async with aio.insecure_channel(sides.on) as on, aio.insecure_channel(sides.off) as off:
        ends = {on: completions(on), off: completions(off)}

        async def rate(channel: aio.Channel, count: int) -> float:
            requests = list(itertools.islice(prepared, count))
            completed: AsyncIterator[str] = ends[channel]
            return await pipeline_rate(channel, requests, completed)

        for channel in (on, off):
            await rate(channel, 2)
        rates = []
        for number in range(ROUNDS):
            order = [on, off][:: -1 if number % 2 else 1]
            found = {channel: await rate(channel, BATCHES) for channel in order}
            rates.append((found[on], found[off]))
    return _compared("pipeline", rates)


def _compared(name: str, rates: list[tuple[float, float]]) -> tuple[list[float], dict[str, float]]:
    figures = {
        f"{name}_on_per_s": median(on for on, _ in rates),
        f"{name}_off_per_s": median(off for _, off in rates),
    }
    return [on / off for on, off in rates], figures


def measure() -> Report:
    """Measure both kinds of work, on and off in turns."""
    figures: dict[str, Figure] = {}
    collector = free_port()
    with (
        private_rabbit() as rabbit,
        ground() as base,
        base.process(["bench.collector", str(collector)]),
    ):
        with _sides(rabbit, collector, graded=False) as sides:
            submitted, found = _submissions_kept(sides)
            figures |= found
        with _sides(rabbit, collector, graded=True) as sides:
            graded, found = asyncio.run(_jobs_kept(sides))
            figures |= found
        with urlopen(f"http://127.0.0.1:{collector}") as answer:
            taken = int(answer.read())
    if not taken:
        raise SystemExit("the collector was sent no span")
    figures["span_megabytes"] = taken / 1e6
    return Report(
        "With metrics, traces and logs, against none of them",
        figures,
        (
            Aim("submit_kept_share", median(submitted), AIM, Bound.AT_LEAST),
            Aim("pipeline_kept_share", median(graded), AIM, Bound.AT_LEAST),
        ),
    )


if __name__ == "__main__":
    run(measure, __doc__)
