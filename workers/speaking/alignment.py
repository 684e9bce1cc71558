"""When each phone of recognised words was said, and how well it fits its model."""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from grading.domain.transcript import SpokenWord
from workers.speaking.pronouncing import PHONES, PronouncingDictionary
from workers.speaking.sound import Sound
from workers.speaking.spoken_forms import spoken_forms

#: Seconds of a frame of the acoustic model.
FRAME = 0.01
#: A stretch that is aligned at once ends at the widest gap between these lengths.
_SHORTEST, _LONGEST = 4.0, 12.0
#: Sound taken in beside a stretch, in seconds: the recogniser's times stray.
_MARGIN = 0.3
#: How the phones are named as words, beside the dictionary's own.
_PHONE = "/{}/"
_SILENCE = "<sil>"
#: Probability of silence where there may be some.
_PAUSE = 0.1
_FORCED, _FREE = "forced", "free"
#: A segment's score is the logarithm that the decoder gives times this: ten bits are
#: shifted out of it.
_SHIFT = 1024

#: Of a grammar: from a state, to a state, with which probability, by which word.
Transitions = list[tuple[int, int, float, str]]


@dataclass(frozen=True, slots=True)
class SpokenPhone:
    """One phone of one word. Times are seconds of the recording."""

    #: ARPAbet, without stress.
    name: str
    start: float
    end: float
    #: Mean over its frames of how much likelier than this phone the likeliest one is, in
    #: natural logarithms: 0 is a perfect fit (Witt and Young 2000, the goodness of
    #: pronunciation, with its sign turned).
    misfit: float
    #: The same over the likeliest state of the whole model.
    cost: float
    #: Share of its frames in which a recogniser of phones without words hears the same.
    heard: float


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """One recognised word and its phones."""

    word: SpokenWord
    #: The word's forms were all listed: guessed phones say nothing.
    is_listed: bool
    phones: tuple[SpokenPhone, ...]


@dataclass(frozen=True, slots=True)
class _Heard:
    """A phone on the best way through a grammar; frames, the last one included."""

    phone: str
    first: int
    last: int
    #: Logarithm of the likelihood of all frames.
    score: float

    @property
    def cost(self) -> float:
        """How unlikely it is, a frame."""
        return -self.score / (self.last + 1 - self.first)


class Aligner(Protocol):
    """Finds the phones of recognised words in their sound."""

    @property
    def dictionary(self) -> PronouncingDictionary:
        """Which phones a word is made of."""

    def align(
        self, sound: Sound, words: Sequence[SpokenWord], waiting: Callable[[], object]
    ) -> tuple[AlignedWord, ...]:
        """The words of ``sound`` that could be aligned, in order.

        ``waiting`` is called again and again meanwhile, so that it can raise.

        Raises:
            TransientFault: it was interrupted, through no fault of the recording.
        """


class PhoneAligner:
    """Forced alignment by pocketsphinx and its English model; an Aligner.

    Its own two-pass alignment fails on much of learners' speech, so each phone is a word
    of a grammar here: the recognised phones in their order, with silence between words.
    """

    def __init__(self) -> None:
        # One way through a forced grammar, thousands through the free one: the beams differ.
        self._forced_decoder = _decoder(1e-200)
        self._free_decoder = _decoder(1e-15)
        self._free_decoder.add_fsg(_FREE, self._free_decoder.create_fsg(_FREE, 0, 1, _any()))
        self._free_decoder.activate_search(_FREE)
        self.dictionary = PronouncingDictionary.load()
        # A decoder holds one utterance at a time.
        self._lock = threading.Lock()

    def align(
        self, sound: Sound, words: Sequence[SpokenWord], waiting: Callable[[], object]
    ) -> tuple[AlignedWord, ...]:
        """The words of ``sound`` that could be aligned, in order."""
        found: list[AlignedWord] = []
        with self._lock:
            for stretch in _stretches(words):
                waiting()
                found += self._align(sound, stretch)
        return tuple(found)

    def _align(self, sound: Sound, words: Sequence[SpokenWord]) -> list[AlignedWord]:
        start = max(0.0, words[0].start - _MARGIN)
        samples = sound.part(start, words[-1].end + _MARGIN).samples.tobytes()
        said = [[(form, self.dictionary.phones(form)) for form in spoken_forms(w)] for w in words]
        phones = [[phone for _, part in forms for phone in part] for forms in said]
        forced = self._forced(samples, phones)
        if len(forced) != sum(map(len, phones)):
            return []
        free = _by_frame(self._free(samples))
        aligned: list[AlignedWord] = []
        at = 0
        for word, forms, inner in zip(words, said, phones, strict=True):
            parts = tuple(_phone(item, free, start) for item in forced[at : at + len(inner)])
            at += len(inner)
            if parts:
                is_listed = all(form in self.dictionary for form, _ in forms)
                aligned.append(AlignedWord(word, is_listed, parts))
        return aligned

    def _forced(self, samples: bytes, words: Sequence[Sequence[str]]) -> list[_Heard]:
        """The phones of ``words`` where they fit best; none where they don't fit at all."""
        grammar = _in_order(words)
        last = max(end for _, end, _, _ in grammar)
        decoder = self._forced_decoder
        decoder.add_fsg(_FORCED, decoder.create_fsg(_FORCED, 0, last, grammar))
        decoder.activate_search(_FORCED)
        return [item for item in _hear(decoder, samples) if item.phone != _SILENCE]

    def _free(self, samples: bytes) -> list[_Heard]:
        """What a recogniser of phones without words hears."""
        return _hear(self._free_decoder, samples)


def _decoder(beam: float) -> Any:
    from pocketsphinx import Decoder, get_model_path

    model = get_model_path()
    decoder = Decoder(
        hmm=f"{model}/en-us/en-us",
        dict=f"{model}/en-us/cmudict-en-us.dict",
        lm=None,
        loglevel="FATAL",
        # Means of the whole stretch: what was heard before must not matter.
        cmn="batch",
        # Scores are over the best of all states, so that those of two grammars compare.
        compallsen=True,
        fsgusefiller=False,
        # The lattice of a second pass may leave phones out.
        bestpath=False,
        beam=beam,
        pbeam=beam,
        wbeam=beam,
    )
    for phone in PHONES:
        decoder.add_word(_PHONE.format(phone), phone, phone == PHONES[-1])
    return decoder


def _hear(decoder: Any, samples: bytes) -> list[_Heard]:
    # Forgets the noise of what was heard before, which would move the scores.
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    return [
        _Heard(
            item.word.strip("/"),
            item.start_frame,
            item.end_frame,
            _SHIFT * math.log(item.ascore),
        )
        for item in decoder.seg() or ()
        if item.word.startswith("/") or item.word == _SILENCE
    ]


def _in_order(words: Sequence[Sequence[str]]) -> Transitions:
    """A grammar of the phones of ``words``, with silence before, between and after them."""
    found: Transitions = [(0, 0, _PAUSE, _SILENCE)]
    at = 0
    for phones in words:
        for phone in phones:
            found.append((at, at + 1, 1.0, _PHONE.format(phone)))
            at += 1
        found.append((at, at, _PAUSE, _SILENCE))
    return found


def _any() -> Transitions:
    """A grammar of any phones in any order, with silence at the end."""
    even = 1.0 / (len(PHONES) + 1)
    found = [(0, 0, even, _PHONE.format(phone)) for phone in PHONES]
    return [*found, (0, 0, even, _SILENCE), (0, 1, 1.0, _SILENCE)]


def _by_frame(heard: Sequence[_Heard]) -> dict[int, tuple[str, float]]:
    """By frame, the phone that is heard and what the frame cost."""
    return {
        frame: (item.phone, item.cost)
        for item in heard
        for frame in range(item.first, item.last + 1)
    }


def _phone(item: _Heard, free: dict[int, tuple[str, float]], offset: float) -> SpokenPhone:
    frames = range(item.first, item.last + 1)
    beside = [free[frame] for frame in frames if frame in free]
    best = sum(cost for _, cost in beside) / len(beside) if beside else item.cost
    same = sum(1 for phone, _ in beside if phone == item.phone)
    return SpokenPhone(
        name=item.phone,
        start=round(offset + item.first * FRAME, 2),
        end=round(offset + (item.last + 1) * FRAME, 2),
        misfit=item.cost - best,
        cost=item.cost,
        heard=same / len(frames),
    )


def _stretches(words: Sequence[SpokenWord]) -> Iterator[Sequence[SpokenWord]]:
    """Cut ``words`` at their widest gaps into parts that are aligned by themselves."""
    if not words:
        return
    gaps = [later.start - earlier.end for earlier, later in pairwise(words)]
    cuts = [
        at
        for at in range(1, len(words))
        if words[at].start - words[0].start >= _SHORTEST
        and words[at].start - words[0].start <= _LONGEST
    ]
    if words[-1].end - words[0].start <= _LONGEST or not cuts:
        yield words
        return
    cut = max(cuts, key=lambda at: (gaps[at - 1], at))
    yield words[:cut]
    yield from _stretches(words[cut:])
