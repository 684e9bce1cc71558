"""Ends an open stream from outside of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

Message = TypeVar("Message")


class StreamGuard:
    """Follows a stream until it ends, or is ended. Made in the task that serves the stream."""

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._error: Exception | None = None
        self._waiting = False
        self._cancelled = False

    def end(self, error: Exception) -> None:
        """End the stream with ``error``: now, or once its client has read what it was sent."""
        if self._error is not None:
            return
        self._error = error
        # While a message is being sent, gRPC would be hit instead of the handler, and leave
        # the call without a status.
        if self._waiting:
            self._cancelled = True
            self._task.cancel()

    async def follow(self, messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
        """Give the messages of a stream.

        Raises:
            Exception: the one that the stream was ended with.
        """
        while True:
            if self._error is not None:
                raise self._error
            self._waiting = True
            try:
                message = await anext(messages)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError:
                # The client's own cancellation goes before ours.
                if self._cancelled and self._task.uncancel() == 0:
                    assert self._error is not None
                    raise self._error from None
                raise
            finally:
                self._waiting = False
            yield message
