"""What metrics, traces and logs cost: submissions and whole jobs with all of it on, and with none.

``python -m bench.observability``. Servers that each have a worker, a PostgreSQL and a virtual
host of their own: one tells everything, its spans to a collector in a process of its own, one
does so of a tenth of the traces, and one tells nothing but errors. They take turns, several
rounds of each, each going first in turn; the aims are the medians of the rounds' ratios, so that
a neighbour's burst of work in one round doesn't decide.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from urllib.request import urlopen

from grpc import aio

from bench.broker import private_rabbit
from bench.command import run
from bench.completions import completions
from bench.ground import Ground, Server, ground
from bench.load import closed_loop
from bench.pipeline import POOL, pipeline_rate
from bench.processor_time import Processes
from bench.report import Aim, Bound, Figure, Report
from bench.submissions import BATCH, batches, submissions
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
#: The names of the sides.
ON, SAMPLED, OFF = "on", "sampled", "off"
#: Nobody is refused or flagged for the backlog that the submissions make.
_ROOM = {"GRADING_MAX_BACKLOG": "10000000", "GRADING_DELAYED_BACKLOG": "10000000"}


@dataclass(frozen=True)
class Side:
    """A server, and what its processes use up."""

    server: Server
    processes: Processes


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of one side came to."""

    done: int
    per_second: float
    #: Seconds of a processor that server and worker used up.
    used: float


def _variables(name: str, collector: int) -> dict[str, str]:
    if name == OFF:
        return {"LOG_LEVEL": "error", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}
    sampler = "parentbased_always_on" if name == ON else "parentbased_traceidratio"
    return {
        "LOG_LEVEL": "info",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector}",
        "OTEL_TRACES_SAMPLER": sampler,
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
        "GRADING_METRICS_PORT": str(free_port()),
        "WORKER_METRICS_PORT": str(free_port()),
    }


@contextmanager
def _sides(rabbit: PrivateRabbit, collector: int, *, graded: bool) -> Iterator[dict[str, Side]]:
    """Run the servers, by their names; with workers where ``graded``."""
    sides = {}
    with ExitStack() as stack:
        for name in (ON, SAMPLED, OFF):
            base: Ground = stack.enter_context(ground(stack.enter_context(rabbit.virtual_host())))
            variables = _variables(name, collector)
            server = stack.enter_context(base.server_process(**_ROOM, **variables))
            leaders = {"server": server.pid}
            if graded:
                options = (*POOL, "--queues", "writing")
                leaders["worker"] = stack.enter_context(
                    base.worker("bench.instant_worker", *options, **variables)
                )
            sides[name] = Side(server, Processes(base, leaders))
        yield sides


async def _in_turns(
    sides: Mapping[str, Side], work: Callable[[str], Awaitable[tuple[int, float]]]
) -> dict[str, list[Round]]:
    """Have each side do ``work``, which tells how much it did and at which rate, in each round."""
    rounds: dict[str, list[Round]] = {name: [] for name in sides}
    names = list(sides)
    for name in names:
        await work(name)  # caches and prepared statements fill
    for number in range(ROUNDS):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            before = sides[name].processes.spent()
            done, rate = await work(name)
            after = sides[name].processes.spent()
            used = sum(after[leader] - before[leader] for leader in sides[name].processes.named)
            rounds[name].append(Round(done, rate, used))
    return rounds


async def _submit(sides: Mapping[str, Side]) -> dict[str, list[Round]]:
    requests = submissions("single")

    async def work(name: str) -> tuple[int, float]:
        prepared = iter(list(itertools.islice(requests, REQUESTS)))
        address = sides[name].server.address
        rate = await closed_loop(address, METHOD, prepared, IN_FLIGHT, SECONDS)
        return rate.calls, rate.per_second

    return await _in_turns(sides, work)


async def _grade(sides: Mapping[str, Side]) -> dict[str, list[Round]]:
    prepared = batches("pipeline")
    async with AsyncExitStack() as stack:
        channels = {
            name: await stack.enter_async_context(aio.insecure_channel(side.server.address))
            for name, side in sides.items()
        }
        ends = {name: completions(channel) for name, channel in channels.items()}

        async def work(name: str) -> tuple[int, float]:
            requests = list(itertools.islice(prepared, BATCHES))
            return BATCHES * BATCH, await pipeline_rate(channels[name], requests, ends[name])

        return await _in_turns(sides, work)


def _told(kind: str, rounds: Mapping[str, list[Round]]) -> tuple[dict[str, Figure], list[Aim]]:
    figures: dict[str, Figure] = {}
    for name, found in rounds.items():
        figures[f"{kind}_{name}_per_s"] = median(one.per_second for one in found)
        spent = sum(one.used for one in found) / sum(one.done for one in found)
        figures[f"{kind}_{name}_cpu_us"] = spent * 1e6

    def kept(name: str) -> float:
        pairs = zip(rounds[name], rounds[OFF], strict=True)
        return median(one.per_second / none.per_second for one, none in pairs)

    figures[f"{kind}_sampled_kept_share"] = kept(SAMPLED)
    return figures, [Aim(f"{kind}_kept_share", kept(ON), AIM, Bound.AT_LEAST)]


def measure() -> Report:
    """Measure both kinds of work, all sides in turns."""
    figures: dict[str, Figure] = {}
    aims: list[Aim] = []
    collector = free_port()
    with (
        private_rabbit() as rabbit,
        ground() as base,
        base.process(["bench.collector", str(collector)]),
    ):
        for kind, graded, work in (("submit", False, _submit), ("pipeline", True, _grade)):
            with _sides(rabbit, collector, graded=graded) as sides:
                found, judged = _told(kind, asyncio.run(work(sides)))
            figures |= found
            aims += judged
        with urlopen(f"http://127.0.0.1:{collector}") as answer:
            taken = int(answer.read())
    if not taken:
        raise SystemExit("the collector was sent no span")
    figures["span_megabytes"] = taken / 1e6
    return Report("With metrics, traces and logs, against none of them", figures, tuple(aims))


if __name__ == "__main__":
    run(measure, __doc__)
