"""A server that strangers do their worst to: never a fault of its own, and never out of breath."""

import os
from collections.abc import Iterator
from random import Random

import pytest

from tests.fuzz.attacks import ATTACKS, connections
from tests.fuzz.calls import Method, fuzz, methods
from tests.fuzz.campaign import Campaign
from tests.stack.postgres import Databases
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.stack import Stack

#: Printed by a test that fails; ``FUZZ_SEED=7 make test`` tries another.
SEED = int(os.environ.get("FUZZ_SEED", "1"))
EXAMPLES = 40
CONNECTIONS = 10_000


@pytest.fixture(scope="module")
def campaign(
    databases: Databases, rabbit: PrivateRabbit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Campaign]:
    """A server of these tests' own, with something to ask it for."""
    with databases.lend() as database, rabbit.virtual_host() as url:
        stack = Stack(database, url, tmp_path_factory.mktemp("fuzz"))
        made = Campaign(stack.start_server(GRADING_REFLECTION="on"), EXAMPLES)
        made.prepare()
        yield made
        stack.stop()


@pytest.mark.parametrize("method", methods(), ids=str)
def test_no_message_finds_a_fault(campaign: Campaign, method: Method) -> None:
    fuzz(campaign.server.door, method, campaign.known, SEED, EXAMPLES)
    campaign.assert_serving(str(method))
    campaign.assert_quiet()


def test_no_bytes_stop_the_server_or_stay_with_it(campaign: Campaign) -> None:
    random = Random(SEED)
    # What is met for the first time is learnt; only what comes after must leave nothing.
    for attack in ATTACKS:
        attack(campaign.server.port, random)
    connections(campaign.server.port, random, 500)
    before = campaign.memory
    for attack in ATTACKS:
        attack(campaign.server.port, random)
        campaign.assert_serving(attack.__name__)
    assert campaign.storm(SEED, CONNECTIONS) == CONNECTIONS
    campaign.assert_flat(before)
    campaign.assert_quiet()
