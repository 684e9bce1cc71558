"""What is broken and when, by seed."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Kind(StrEnum):
    """The kinds of faults."""

    WORKER_KILLED_STARTING = "worker killed while it started"
    WORKER_KILLED_MEASURING = "worker killed while it measured"
    WORKER_KILLED_SCORING = "worker killed while it scored"
    WORKER_KILLED_ANYTIME = "worker killed at some moment"
    WORKER_PARENT_KILLED = "worker's parent killed, its child left"
    WORKER_CHILD_KILLED = "worker's child killed"
    WORKER_FROZEN_MEASURING = "worker frozen while it measured, and thawed"
    WORKER_FROZEN_SCORING = "worker frozen before it settled, and thawed"
    SERVER_KILLED = "one server killed"
    SERVERS_KILLED = "both servers killed"
    SERVER_FROZEN = "server frozen, and thawed"
    RABBITMQ_KILLED = "RabbitMQ killed"
    RABBITMQ_WIPED = "RabbitMQ wiped"
    POSTGRES_STOPPED = "PostgreSQL shut down at once"
    POSTGRES_KILLED = "PostgreSQL killed"
    POSTGRES_BACKEND_KILLED = "PostgreSQL's backend killed"
    CLIENTS_CUT = "every client's connection cut"


#: What may come more than once: the machine is back from it within a moment.
CHEAP = (
    Kind.WORKER_KILLED_ANYTIME,
    Kind.WORKER_CHILD_KILLED,
    Kind.SERVER_KILLED,
    Kind.POSTGRES_KILLED,
    Kind.POSTGRES_BACKEND_KILLED,
    Kind.CLIENTS_CUT,
)


@dataclass(frozen=True)
class Strike:
    """One fault to come."""

    #: Seconds from the scenario's start.
    at: float
    kind: Kind
    #: Which of the two servers, or workers, where it hits one of them.
    target: int
    #: 0 to 1: how long the damage lasts, within what the kind allows.
    length: float


def draw(chance: Random, seconds: float, more: int) -> list[Strike]:
    """Draw every kind of fault once, and ``more`` of the cheap ones, over ``seconds``."""
    kinds = [*Kind, *chance.choices(CHEAP, k=more)]
    strikes = [
        Strike(seconds * chance.random(), kind, chance.randrange(2), chance.random())
        for kind in kinds
    ]
    return sorted(strikes, key=lambda strike: strike.at)
