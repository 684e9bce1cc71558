"""Pronunciation: phones of real sound, and what there is too little of."""

import pytest

from grading.domain.transcript import SpokenWord, Transcript
from tests.unit.speaking.conftest import ANSWER, sine
from tests.unit.speaking.words import spoken
from workers.speaking.alignment import AlignedWord, SpokenPhone, _stretches
from workers.speaking.decoding import decode
from workers.speaking.models import SpeakingModels
from workers.speaking.pronunciation import observe_pronunciation
from workers.speaking.prosody import observe_prosody
from workers.speaking.sound import Sound


def go_on() -> None:
    """Lets an alignment take its time."""


def _heard(words: list[SpokenWord]) -> Transcript:
    return Transcript(tuple(words), "en", 0.9, "scripted 1")


def _aligned(words: list[SpokenWord], misfit: float) -> list[AlignedWord]:
    return [
        AlignedWord(
            word,
            True,
            tuple(
                SpokenPhone(name, word.start + at, word.start + at + 0.1, misfit, 6.0, 0.5)
                for at, name in ((0.0, "K"), (0.1, "AE"), (0.2, "T"))
            ),
        )
        for word in words
    ]


@pytest.fixture(scope="module")
def opening() -> tuple[Sound, list[SpokenWord]]:
    """The answer's first words, with rough times as a recogniser gives them."""
    text = "I would like to tell you about my neighbourhood"
    return decode(ANSWER).part(0.0, 3.2), spoken(text, start=0.05, each=0.3)


def test_phones_follow_the_words(
    opening: tuple[Sound, list[SpokenWord]], models: SpeakingModels
) -> None:
    sound, words = opening
    aligned = models.aligner.align(sound, words, go_on)
    assert [item.word for item in aligned] == words
    phones = [phone for item in aligned for phone in item.phones]
    assert [phone.name for phone in phones[:4]] == ["AY", "W", "UH", "D"]
    ends = [phone.end for phone in phones]
    assert ends == sorted(ends)
    assert all(0 <= phone.heard <= 1 for phone in phones)


def test_alignment_does_not_depend_on_what_was_heard_before(
    opening: tuple[Sound, list[SpokenWord]], models: SpeakingModels
) -> None:
    sound, words = opening
    first = models.aligner.align(sound, words, go_on)
    models.aligner.align(sine(2.0), spoken("a tone is no word"), go_on)
    assert models.aligner.align(sound, words, go_on) == first


def test_other_words_fit_worse(
    opening: tuple[Sound, list[SpokenWord]], models: SpeakingModels
) -> None:
    sound, words = opening
    wrong = spoken("Many clever penguins usually avoid chairs", start=0.05, each=0.3)

    def misfit(said: list[SpokenWord]) -> float:
        phones = [
            phone for item in models.aligner.align(sound, said, go_on) for phone in item.phones
        ]
        return sum(phone.misfit for phone in phones) / len(phones)

    assert misfit(wrong) > misfit(words) + 1


def test_long_answers_are_cut_where_gaps_are_widest() -> None:
    words = spoken("one two three four five " * 4 + "| " + "six seven eight " * 10)
    parts = list(_stretches(words))
    assert [word for part in parts for word in part] == words
    assert len(parts[0]) == 20
    assert all(part[-1].end - part[0].start <= 12.4 for part in parts)


def test_the_better_phones_fit_the_less_is_misfit() -> None:
    words = spoken("cat " * 6)
    seen = {item.kind: item for item in observe_pronunciation(_heard(words), _aligned(words, 2.0))}
    assert seen["phone_misfit"].value == 2.0
    assert seen["phones_heard"].value == 0.5
    assert seen["word_clarity"].value == pytest.approx(0.9)
    assert seen["uneven_phones"].value == pytest.approx(0.0, abs=1e-6)
    assert len(seen["phone_misfit"].moments) == 5


def test_three_words_say_nothing_of_pronunciation() -> None:
    words = spoken("cat cat cat")
    assert observe_pronunciation(_heard(words), _aligned(words, 2.0)) == []
    assert observe_pronunciation(_heard(words), ()) == []


def test_a_steady_tone_has_no_range_of_pitch(models: SpeakingModels) -> None:
    pitch = models.pitch.track(sine(4.0, pitch=220.0))
    [found] = observe_prosody((), pitch)
    assert found.kind == "pitch_range"
    assert found.value < 0.3


def test_silence_has_no_pitch(models: SpeakingModels) -> None:
    assert observe_prosody((), models.pitch.track(sine(4.0, level=0.0))) == []
