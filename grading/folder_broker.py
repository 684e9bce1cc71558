"""Celery's messages as files in a folder, for the embedded stack.

kombu's own file-system transport writes a message under its final name. A worker
that looks in between takes an empty file, loses the message and stops. Here a
message gets its name when it is whole, and so does the table of an exchange.
"""

from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

#: The scheme of the URL by which kombu finds this transport.
SCHEME = "folder"


class Channel(filesystem.Channel):
    """Puts whole messages into the folder."""

    def _put(  # type: ignore[override]  # kombu hands over options that its base doesn't name
        self, queue: str, message: Any, **_: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        # The names sort by time, and end as those that ``_get`` looks for.
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        part = folder / f"{name}.part"
        part.write_text(dumps(message))
        part.rename(folder / name)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        table: Path = self._exchange_file(exchange)  # type: ignore[no-untyped-call]
        table.parent.mkdir(parents=True, exist_ok=True)
        part = table.with_name(f"{table.name}.{uuid4()}.part")
        part.write_text("[]")
        # It fails where another process was faster. kombu then changes the table under a lock.
        with suppress(FileExistsError):
            table.hardlink_to(part)
        part.unlink()
        super()._queue_bind(exchange, routing_key, pattern, queue)  # type: ignore[no-untyped-call]


class Transport(filesystem.Transport):
    """The transport behind ``folder://``."""

    Channel = Channel


TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{Transport.__name__}"
