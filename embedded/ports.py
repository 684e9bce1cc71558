"""Ports that nobody listens on."""

import random
import socket
from contextlib import suppress

#: Below those that systems give to outgoing connections, one of which could otherwise take a
#: port between the moment it was found free and the moment somebody listens on it.
_PORTS = range(20_000, 32_000)
_TRIES = 100


def free_port() -> int:
    """A port of the loopback address that is free now.

    Raises:
        OSError: there seems to be none.
    """
    for port in random.sample(_PORTS, _TRIES):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no free port among {_TRIES} from {_PORTS.start} to {_PORTS.stop}")
