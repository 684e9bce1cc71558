"""A stream that is opened again by itself where it was lost."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any, Generic, TypeVar

import grpc

from client.backoff import Backoff
from client.errors import CallRefused, ClientError, refusal_of
from client.silence import SilenceGuard, Stream

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Place = TypeVar("Place")

#: How long the end of a stream is waited for after its last item, in seconds.
_FAREWELL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Interruption(Generic[Place]):
    """A stream was lost, and will be opened again."""

    cause: CallRefused
    #: Seconds until then.
    delay: float
    #: Where it goes on: a job's last sequence, or a feed's last cursor.
    place: Place


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """How long a watch or a feed puts up with what; all in seconds."""

    #: Without an event or a heartbeat, before the stream is torn down and opened again.
    silence: float = 60.0
    #: Without a word from the service over any number of streams; None waits for ever.
    unreachable: float | None = None
    #: Over all; None goes on for as long as there is something to come.
    overall: float | None = None


class ResumingStream(ABC, Generic[Answer, Item, Place]):
    """The items of a stream, whatever happens to connections and servers.

    An iterable. Iterating anew goes on after the last item.
    """

    def __init__(
        self,
        limits: WatchLimits | None,
        on_interruption: Callable[[Interruption[Place]], None] | None,
    ) -> None:
        self._limits = limits or WatchLimits()
        self._on_interruption = on_interruption
        self._call: Stream[Answer] | None = None
        self._closed = Event()
        self._backoff = Backoff()
        self._heard_at = 0.0
        self._until: float | None = None

    def close(self) -> None:
        """End it, from any thread: the iteration stops."""
        self._closed.set()
        if self._call is not None:
            self._call.cancel()

    def __iter__(self) -> Iterator[Item]:
        """The items after the last one given.

        Raises:
            CallRefused: the service refused for good, or stayed unreachable for too long.
            ClientError: the service broke its contract, or the overall limit is over.
        """
        overall = self._limits.overall
        self._heard_at = time.monotonic()
        self._until = None if overall is None else self._heard_at + overall
        while not self._closed.is_set():
            lost = yield from self._follow()
            if lost is None:
                return
            self._bear(lost)

    @property
    @abstractmethod
    def _place(self) -> Place:
        """Where a new stream is to go on."""

    @abstractmethod
    def _open(self, seconds: float | None) -> Stream[Answer]:
        """Open a stream at the place reached, with a deadline where there is one."""

    @abstractmethod
    def _take(self, answer: Answer) -> Item | None:
        """Move on to the place of ``answer``; its item, or None where it is no news.

        Raises:
            ClientError: the answer breaks the contract.
        """

    @property
    @abstractmethod
    def _done(self) -> bool:
        """Whether there is nothing to come after the item just given."""

    @abstractmethod
    def _accept_end(self) -> None:
        """Take note of a stream that ended OK without a last item.

        Raises:
            ClientError: the contract rules that out.
        """

    @abstractmethod
    def _timed_out(self) -> ClientError:
        """What to raise when the overall limit is over."""

    def _follow(self) -> Generator[Item, None, CallRefused | None]:
        """Give the items of one stream; return what it was lost to, or None at the end."""
        left = None if self._until is None else max(self._until - time.monotonic(), 0.001)
        call = self._call = self._open(left)
        if self._closed.is_set():  # since the last look, when there was no call to cancel
            call.cancel()
        with SilenceGuard(call, self._limits.silence) as guard:
            try:
                for answer in guard:
                    self._heard_at = time.monotonic()
                    self._backoff.reset()
                    item = self._take(answer)
                    if item is None:
                        continue
                    yield item
                    if self._done:
                        _let_end(call)
                        return None
            except grpc.RpcError as error:
                return self._lost_to(refusal_of(error), silent=guard.cut)
            finally:
                call.cancel()
        self._accept_end()
        return None

    def _lost_to(self, refused: CallRefused, *, silent: bool) -> CallRefused | None:
        if self._closed.is_set():
            return None
        if silent:
            return CallRefused(
                grpc.StatusCode.UNAVAILABLE,
                "",
                f"nothing was heard from the service for {self._limits.silence:g} s",
            )
        # This client's own deadline is told from a proxy's by the clock, in _bear.
        if refused.passing or refused.code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return refused
        raise refused

    def _bear(self, lost: CallRefused) -> None:
        """Wait until the stream may be opened again, where the limits leave the time."""
        now = time.monotonic()
        delay = self._backoff.next(lost.retry_after)
        unreachable = self._limits.unreachable
        if unreachable is not None and now + delay >= self._heard_at + unreachable:
            raise lost
        if self._until is not None and now + delay >= self._until:
            raise self._timed_out() from lost
        if self._on_interruption is not None:
            self._on_interruption(Interruption(lost, delay, self._place))
        self._closed.wait(delay)


def _let_end(call: Stream[Any]) -> None:
    """Give the server time to end the stream OK: a cancelled one counts as broken off there."""
    ended = Event()
    if call.add_callback(ended.set):
        ended.wait(_FAREWELL_SECONDS)
