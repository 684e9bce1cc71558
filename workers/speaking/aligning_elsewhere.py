"""Alignment in a process of its own, for a process that must not stand still meanwhile."""

from collections.abc import Callable, Sequence
from functools import cache

from grading.domain.transcript import SpokenWord
from workers.measuring_pool import MeasuringPool
from workers.speaking.alignment import AlignedWord, PhoneAligner
from workers.speaking.pronouncing import PronouncingDictionary
from workers.speaking.sound import Sound


class AligningElsewhere:
    """Aligns in a process of ``pool``; an Aligner.

    The decoder holds Python's lock for a second at a time and again at once, so that a
    lease whose renewal has to wait for it runs out in the middle of a long recording.
    """

    def __init__(self, pool: MeasuringPool) -> None:
        self.dictionary = PronouncingDictionary.load()
        self._pool = pool

    def align(
        self, sound: Sound, words: Sequence[SpokenWord], waiting: Callable[[], object]
    ) -> tuple[AlignedWord, ...]:
        """The words of ``sound`` that could be aligned, in order.

        Raises:
            TransientFault: the process was lost.
        """
        return self._pool.call(_align, sound, tuple(words), waiting=waiting)


# What follows runs in the process of a pool.


@cache
def _aligner() -> PhoneAligner:
    return PhoneAligner()


def _align(sound: Sound, words: Sequence[SpokenWord]) -> tuple[AlignedWord, ...]:
    return _aligner().align(sound, words, _go_on)


def _go_on() -> None:
    """Nobody asks this process to stop; who waits for it ends it."""
