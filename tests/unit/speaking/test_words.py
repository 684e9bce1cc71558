"""Words as they are said, their syllables, pauses, restarts and the text made of them."""

import pytest

from grading.domain.criterion import Quote
from grading.domain.transcript import SpokenWord
from grading.rubric.observation import Observation
from tests.unit.speaking.words import line_of, spoken, timed
from workers.speaking.models import SpeakingModels
from workers.speaking.repairs import find_repairs
from workers.speaking.speech_text import speech_text
from workers.speaking.spoken_forms import spoken_forms


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello,", "hello"),
        ("don't", "don't"),
        ("don\u2019t", "don't"),
        ("well-known", "well known"),
        ("7", "seven"),
        ("42%", "forty two percent"),
        ("1,250", "one thousand two hundred fifty"),
        ("2019", "twenty nineteen"),
        ("2005", "two thousand five"),
        ("1000000", "one million"),
        ("007", "zero zero seven"),
        ("3pm.", "three pm"),
        ("\u2026", ""),
        ("\u4f60", ""),
    ],
)
def test_what_is_said_for_a_word(text: str, said: str) -> None:
    assert " ".join(spoken_forms(SpokenWord(text, 0, 1, 1))) == said


@pytest.mark.parametrize(
    ("form", "syllables"),
    [("cat", 1), ("city", 2), ("neighbourhood", 3), ("international", 5), ("photocopies", 4)],
)
def test_syllables_are_those_of_the_dictionary(
    form: str, syllables: int, models: SpeakingModels
) -> None:
    assert models.aligner.dictionary.syllables(form) == syllables


def test_a_name_that_no_dictionary_has_is_guessed(models: SpeakingModels) -> None:
    dictionary = models.aligner.dictionary
    assert "nguyenhue" not in dictionary
    assert 2 <= dictionary.syllables("nguyenhue") <= 5
    assert dictionary.phones("googled") == (*dictionary.phones("google"), "D")


def test_gaps_from_a_quarter_of_a_second_are_pauses() -> None:
    line = line_of([*spoken("I like", gap=0.2), *spoken("my city", start=1.1)])
    assert [(pause.start, pause.end, pause.before) for pause in line.pauses] == [(0.8, 1.1, 2)]
    assert line.seconds == pytest.approx(1.7)


@pytest.mark.parametrize(
    ("text", "given_up"),
    [
        ("I like my city", 0),
        ("I I like my city", 1),
        ("I want to I want to go", 3),
        ("The the the city", 2),
        ("It is very very big", 0),
        ("We went to the ci- city", 1),
        ("He had had enough", 0),
    ],
)
def test_restarts_are_found(text: str, given_up: int) -> None:
    assert sum(item.end - item.first for item in find_repairs(timed(text))) == given_up


def test_what_was_given_up_is_not_in_the_text() -> None:
    words = timed("I I like, like my ci- city")
    text = speech_text(words, find_repairs(words))
    assert text.text == "I like my city."


def test_long_speech_without_full_stops_is_cut_at_pauses() -> None:
    thirty = "one two three four five " * 6
    text = speech_text(timed(f"{thirty} | and so on"), ())
    assert text.text.count(".") == 2


def test_quotes_become_moments() -> None:
    words = timed("I like my city | because it is quiet.")
    text = speech_text(words, ())
    start = text.text.index("because")
    quote = Quote("because it", start, start + len("because it"))
    [moment] = text.with_moments(Observation("support", 1.0, quotes=(quote,))).moments
    assert moment.text == "because it"
    assert (moment.start, moment.end) == (2.2, 2.8)


def test_no_words_are_no_text() -> None:
    assert speech_text((), ()).text == ""
