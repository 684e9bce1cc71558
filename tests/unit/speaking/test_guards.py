"""Guards: invented words are dropped, what is really said twice is kept."""

from dataclasses import replace

from grading.domain.transcript import SpokenWord
from tests.unit.speaking.words import spoken
from workers.speaking.guards import guard
from workers.speaking.voice import Interval, Voice

ALWAYS = Voice((Interval(0.0, 1_000.0),))


def _texts(words: tuple[SpokenWord, ...]) -> str:
    return " ".join(word.text for word in words)


def test_words_where_nobody_speaks_are_dropped() -> None:
    words = spoken("I like my city | | | Thank you")
    voice = Voice((Interval(0.0, 1.3),))
    assert _texts(guard(words, voice).words) == "I like my city"
    assert guard(words, Voice(())).words == ()


def test_times_that_stray_a_little_cost_no_word() -> None:
    words = spoken("I like my city", start=0.15)
    assert len(guard(words, Voice((Interval(0.0, 1.0),))).words) == 4


def test_a_loop_that_nobody_can_have_said_is_cut() -> None:
    quick = spoken("so I go " * 12, each=0.02)
    found = guard(quick, ALWAYS)
    assert _texts(found.words) == "so I go"
    assert found.is_looped


def test_an_unsure_loop_is_cut() -> None:
    unsure = [replace(word, confidence=0.1) for word in spoken("ask her to " * 6)]
    assert _texts(guard(unsure, ALWAYS).words) == "ask her to"


def test_what_is_said_again_and_again_is_kept() -> None:
    said = spoken("I love it very much. " * 8)
    found = guard(said, ALWAYS)
    assert len(found.words) == 40
    assert not found.is_looped


def test_a_word_said_thrice_is_no_loop() -> None:
    quick = spoken("no no no I do not", each=0.05)
    assert len(guard(quick, ALWAYS).words) == 6


def test_the_words_around_a_loop_are_kept() -> None:
    words = [
        *spoken("First of all"),
        *spoken("and the " * 10, start=1.0, each=0.01),
        *spoken("that is all", start=2.0),
    ]
    assert _texts(guard(words, ALWAYS).words) == "First of all and the that is all"
