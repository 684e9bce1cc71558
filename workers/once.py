"""Something that is made when it is first asked for."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

G = TypeVar("G")


class Once(Generic[G]):
    """Makes something once, whoever else asks for it meanwhile."""

    def __init__(self, make: Callable[[], G]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[G] = []

    def get(self) -> G:
        """What was made, or is made now."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    @property
    def made(self) -> G | None:
        """What was made; None where nobody asked for it yet."""
        return self._made[0] if self._made else None
