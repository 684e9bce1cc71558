"""How much a recording may have that is fetched, and how long all of it may take."""

import time

from grading.domain.audio import AudioProblem
from grading.exceptions import AudioRefused, TransientFault


class FetchLimit:
    """Bounds one fetch, redirects included, from when it is made."""

    def __init__(self, most_bytes: int, seconds: float) -> None:
        self._left = most_bytes
        self._ends_at = time.monotonic() + seconds

    def seconds(self, at_most: float | None = None) -> float:
        """How long the next step may take.

        Raises:
            TransientFault: no time is left.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TransientFault("the recording took too long to be fetched")
        return left if at_most is None else min(left, at_most)

    def expect(self, size: int) -> None:
        """Hear how many bytes are to come; 0 where nobody knows.

        Raises:
            AudioRefused: they are too many.
        """
        if size > self._left:
            raise AudioRefused(AudioProblem.TOO_LARGE, "The recording is too large.")

    def take(self, piece: bytes) -> None:
        """Count what came.

        Raises:
            AudioRefused: it is too much.
        """
        self.expect(len(piece))
        self._left -= len(piece)
