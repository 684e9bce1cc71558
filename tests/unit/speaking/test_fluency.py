"""Fluency: measures of made-up times."""

import pytest

from grading.rubric.observation import Observation
from tests.unit.speaking.words import line_of, spoken
from workers.speaking.fluency import observe_fluency
from workers.speaking.repairs import find_repairs
from workers.speaking.voice import Interval, Voice


def _observed(text: str, inside: int = 0, gap: float = 0.0) -> dict[str, Observation]:
    line = line_of(spoken(text, gap=gap))
    voice = Voice((Interval(0.0, line.seconds),))
    found = observe_fluency(line, find_repairs(line.words), line.pauses[:inside], voice)
    return {item.kind: item for item in found}


def test_speed_with_and_without_pauses() -> None:
    # Eight syllables in eight words of 0.3 seconds, and two pauses of one.
    seen = _observed("I go | to my big old | red bus")
    assert seen["speech_rate"].value == pytest.approx(60 * 8 / 4.4)
    assert seen["articulation_rate"].value == pytest.approx(8 / 2.4)
    assert seen["pause_share"].value == pytest.approx(2 / 4.4)
    assert seen["run_length"].value == pytest.approx(8 / 3)
    assert seen["longest_pause"].value == pytest.approx(1.0)


def test_pauses_inside_clauses_are_counted_by_themselves() -> None:
    seen = _observed("I go | to my big old | red bus", inside=1)
    assert seen["pauses_in_clauses"].value == pytest.approx(100 / 8)
    [moment] = seen["pauses_in_clauses"].moments
    assert moment.text == "go … to"
    assert (moment.start, moment.end) == (0.6, 1.6)


def test_without_pauses_all_is_one_run() -> None:
    seen = _observed("I go to my big old red bus")
    assert seen["run_length"].value == 8
    assert seen["pause_share"].value == 0
    assert seen["pause_share"].moments == ()


def test_short_gaps_are_no_pauses() -> None:
    assert _observed("I go to my bus", gap=0.2)["pause_share"].value == 0


def test_restarts_are_a_share_of_the_words() -> None:
    seen = _observed("I I like like my city a lot of it")
    assert seen["repairs"].value == pytest.approx(20.0)
    assert seen["repairs"].moments[0].text == "I I"


def test_two_words_have_no_tempo() -> None:
    assert _observed("I go") == {}
