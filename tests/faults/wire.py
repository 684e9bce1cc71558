"""A connection that can be cut: a TCP proxy before a server."""

import asyncio
from contextlib import suppress

#: How much is carried at a time, in bytes.
PIECE = 65_536


class Wire:
    """Carries connections to a port of the loopback address until they are cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._carried: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        """Begin to take connections, on a port of its own."""
        self._listening = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Cut every connection in the midst of whatever it carries; new ones are taken."""
        for end in self._carried:
            end.transport.abort()

    async def close(self) -> None:
        """Take no more connections, and cut those that are left."""
        assert self._listening is not None
        self._listening.close()
        self.cut()
        if self._carriers:
            await asyncio.wait(self._carriers)
        await self._listening.wait_closed()

    def _take(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        carrier = asyncio.create_task(self._carry(reader, client))
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)

    async def _carry(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            answers, server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            client.transport.abort()
            return
        ends = {client, server}
        self._carried |= ends
        pumps = [
            asyncio.create_task(_pump(reader, server)),
            asyncio.create_task(_pump(answers, client)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._carried -= ends
            for end in ends:
                end.transport.abort()
            await asyncio.wait(pumps)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
