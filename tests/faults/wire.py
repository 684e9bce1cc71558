"""A connection that can be cut, or hang: a TCP proxy before a server."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: How much is carried at a time, in bytes.
PIECE = 65_536


class Wire:
    """Carries connections to a port of the loopback address until they are cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._carried: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0

    async def open(self) -> None:
        """Begin to take connections, on a port of its own."""
        self._listening = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Cut every connection in the midst of whatever it carries; new ones are taken."""
        for end in self._carried:
            end.transport.abort()

    def hang(self) -> None:
        """Take connections and bytes, and carry none of them on."""
        self._flows.clear()

    def flow(self) -> None:
        """Carry on, what was held back first."""
        self._flows.set()

    async def close(self) -> None:
        """Take no more connections, and cut those that are left."""
        assert self._listening is not None
        self.flow()
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
            asyncio.create_task(self._pump(reader, server)),
            asyncio.create_task(self._pump(answers, client)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._carried -= ends
            for end in ends:
                end.transport.abort()
            await asyncio.wait(pumps)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await self._flows.wait()
                writer.write(piece)
                await writer.drain()


class ThreadedWire:
    """A wire for a test that has no event loop."""

    def __init__(self, target: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._wire = Wire(target)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def port(self) -> int:
        """Where connections are taken."""
        return self._wire.port

    def hang(self) -> None:
        """As ``Wire.hang``."""
        self._loop.call_soon_threadsafe(self._wire.hang)

    def flow(self) -> None:
        """As ``Wire.flow``."""
        self._loop.call_soon_threadsafe(self._wire.flow)

    def cut(self) -> None:
        """As ``Wire.cut``."""
        self._loop.call_soon_threadsafe(self._wire.cut)

    def open(self) -> None:
        """Begin to take connections."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._wire.open(), self._loop).result(10)

    def close(self) -> None:
        """Take no more, and end the thread."""
        asyncio.run_coroutine_threadsafe(self._wire.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def threaded_wire(target: int) -> Iterator[ThreadedWire]:
    """Lend a wire to a port of the loopback address."""
    wire = ThreadedWire(target)
    wire.open()
    try:
        yield wire
    finally:
        wire.close()
