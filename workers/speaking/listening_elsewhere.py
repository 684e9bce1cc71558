"""Listening in other processes, for a process that waits for a network."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from grading.domain.transcript import Transcript
from grading.domain.work import SpeakingWork
from grading.rubric.observation import Observation
from workers.measuring_pool import MeasuringPool
from workers.speaking.decoding import DecodingLimits
from workers.speaking.listener import ListeningHere, telling
from workers.speaking.listening import NothingHeard, Opened
from workers.speaking.models import SpeakingModels
from workers.speaking.progress import DECODED, TRANSCRIBED, Step
from workers.speaking.whisper import LazyTranscriber, recogniser_tools
from workers.writing.measurer import sendable


class ListeningElsewhere:
    """Listens in the processes of ``pool``; a Listener.

    The sound stays there, and is decoded again for each step: that takes little beside the step,
    and holding it for every job that waits for a provider would take 2 MB for each minute of it.
    """

    def __init__(
        self, pool: MeasuringPool, limits: DecodingLimits, *, is_sent: bool = False
    ) -> None:
        """``is_sent`` tells whether recordings are sent to a provider."""
        self._pool = pool
        self._limits = limits
        self._is_sent = is_sent

    @property
    def recogniser(self) -> tuple[str, ...]:
        """What ``transcribe`` works with."""
        return recogniser_tools()

    def open(self, recording: Path, step: Step) -> Opened | NothingHeard:
        """Decode and judge ``recording``."""
        begin = telling(step, 0.0, "Decoding the recording")
        begin()
        return self._pool.call(_open, self._limits, self._is_sent, recording, waiting=begin)

    def transcribe(self, recording: Path, opened: Opened, step: Step) -> Transcript:
        """The words of ``recording``."""
        begin = telling(step, DECODED, f"Transcribing {opened.quality.seconds:.0f} seconds")
        begin()
        return self._pool.call(
            _transcribe, self._limits, recording, replace(opened, speech=None), waiting=begin
        )

    def measure(
        self, work: SpeakingWork, opened: Opened, transcript: Transcript, step: Step
    ) -> tuple[Observation, ...]:
        """Observe all that can be measured in ``work``."""
        begin = telling(step, TRANSCRIBED, "Listening to the sounds")
        begin()
        lean = replace(opened, speech=None)
        return self._pool.call(_measure, self._limits, work, lean, transcript, waiting=begin)


# What follows runs in the processes of a pool.


@cache
def _here(limits: DecodingLimits, is_sent: bool) -> ListeningHere:
    return ListeningHere(_models(), limits, is_sent=is_sent)


@cache
def _models() -> SpeakingModels:
    return SpeakingModels.load(transcriber=LazyTranscriber())


def _open(limits: DecodingLimits, is_sent: bool, recording: Path) -> Opened | NothingHeard:
    opened = _here(limits, is_sent).open(recording, _ignore)
    return opened if isinstance(opened, NothingHeard) else replace(opened, sound=None)


def _transcribe(limits: DecodingLimits, recording: Path, opened: Opened) -> Transcript:
    return _here(limits, False).transcribe(recording, opened, _ignore)


def _measure(
    limits: DecodingLimits, work: SpeakingWork, opened: Opened, transcript: Transcript
) -> tuple[Observation, ...]:
    return sendable(_here(limits, False).measure(work, opened, transcript, _ignore))


def _ignore(share: float, message: str) -> None:
    del share, message
