"""Providers that can't be reached at all."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

#: How long a connection to a full port is given to come about all the same, in seconds.
_FULL_AFTER = 0.05
#: Far more than any queue of length 0 takes.
_MOST = 16


class PortNotFilled(Exception):
    """This kernel goes on taking connections that nobody accepts."""


@contextmanager
def refusing() -> Iterator[str]:
    """The URL of a port on which nobody listens, and nobody else can while the block lasts."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield _url(bound)


@contextmanager
def accepting_nothing() -> Iterator[str]:
    """The URL of a port that leaves every connection hanging: its queue is full.

    Raises:
        PortNotFilled: the queue has no end.
    """
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(_MOST):
            client = open_sockets.enter_context(socket.socket())
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(listener.getsockname())
            if not select.select([], [client], [], _FULL_AFTER)[1]:
                break
        else:
            raise PortNotFilled
        yield _url(listener)


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
