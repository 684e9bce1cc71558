"""An event that can be waited for beside a connection."""

import socket


class Flag:
    """Once set, it is readable for everyone who polls it, and stays so."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()

    def set(self) -> None:
        """Wake all who wait."""
        self._writer.send(b"!")

    def fileno(self) -> int:
        """What is polled."""
        return self._reader.fileno()

    def close(self) -> None:
        """Give the sockets back. Nobody may wait any more."""
        self._reader.close()
        self._writer.close()
