"""``python -m tests.fuzz --minutes 30 --seed 7``: the fuzz for longer, each round another seed."""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import SystemRandom

from tests.fuzz.campaign import Campaign
from tests.stack.postgres import Databases, private_postgres
from tests.stack.stack import Stack

#: Requests to a method in a round.
EXAMPLES = 200
#: Connections that are opened and dropped in a round.
CONNECTIONS = 2000


def main() -> int:
    """Go on until the time is over, or the server said or became what it must not."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    wanted = parser.parse_args()
    until = time.monotonic() + wanted.minutes * 60
    with (
        tempfile.TemporaryDirectory(prefix="vstep-fuzz-") as folder,
        private_postgres() as postgres,
        Databases(postgres).lend() as database,
    ):
        stack = Stack(database, "amqp://localhost", Path(folder))
        # No worker is needed, and no broker: the messages wait in a folder.
        del stack.settings["RABBITMQ_URL"]
        stack.settings["CELERY_BROKER_URL"] = (
            (Path(folder) / "broker").as_uri().replace("file:", "filesystem:")
        )
        try:
            return _rounds(stack, wanted.seed, until)
        finally:
            stack.stop()


def _rounds(stack: Stack, number: int, until: float) -> int:
    campaign = Campaign(stack.start_server(GRADING_REFLECTION="on"), EXAMPLES)
    campaign.prepare()
    before: int | None = None
    while time.monotonic() < until:
        print(f"seed {number}: ", end="", flush=True)
        try:
            campaign.round(number)
            campaign.storm(number, CONNECTIONS)
            campaign.assert_quiet()
            # The first round is what the server learns from.
            grown = 0 if before is None else campaign.assert_flat(before)
        except AssertionError as error:
            print(f"FAILED\n{error}\nagain: make fuzz SEED={number}")
            return 1
        before = before or campaign.memory
        print(
            f"{campaign.calls} calls so far, {campaign.memory >> 20} MiB ({grown >> 20:+} MiB)",
            flush=True,
        )
        number += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
