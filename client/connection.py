"""A connection to the service that shows who calls."""

from types import TracebackType
from typing import Self

import grpc

from client.authorization import authorized, refuse_unprotected
from client.channel import open_channel
from client.tls import Tls
from client.tracing import traced


class Connected:
    """Holds a channel, and closes it where it opened it. A context manager."""

    def __init__(
        self,
        target: str | grpc.Channel,
        *,
        deadline: float = 30.0,
        tls: Tls | None = None,
        token: str | None = None,
    ) -> None:
        """Call the service at an address, or over a channel that the caller made and closes.

        An address is what ``client.channel.open_channel`` takes: ``host:port``, or a name with
        several servers behind it. ``tls`` encrypts the connection to it. ``token`` is shown in
        every call; a channel of the caller's own must then be an encrypted one, or end on this
        machine.

        Raises:
            TlsFileUnusable: a file that ``tls`` names can't be used.
            TokenUnprotected: the token would be sent to another machine in plain text.
            TokenUnusable: it can't be one.
        """
        self._owned: grpc.Channel | None = None
        if isinstance(target, str):
            if token is not None and tls is None:
                refuse_unprotected(target)
            target = self._owned = open_channel(target, tls)
        if token is not None:
            target = authorized(target, token)
        self._channel = traced(target)
        self._deadline = deadline

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, where it is this client's own."""
        if self._owned is not None:
            self._owned.close()
