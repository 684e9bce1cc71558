"""Single features of the second version, on texts made for them."""

from collections.abc import Callable
from typing import Any

import pytest

from grading.domain.work import Prompt, WritingTask, WritingWork
from workers.unwatched_run import UnwatchedRun
from workers.writing.embedded import EmbeddedWritingGrader

Values = Callable[..., dict[str, float]]


@pytest.fixture(scope="session")
def values(grader: EmbeddedWritingGrader) -> Values:
    """All that is measured in a text, by kind."""

    def see(text: str, task: WritingTask = WritingTask.ESSAY) -> dict[str, float]:
        work = WritingWork(task, text, Prompt(""))
        seen = grader.observe(work, UnwatchedRun())
        return {item.kind: item.value for item in seen}

    return see


def test_sentences_known_by_heart_are_counted(values: Values) -> None:
    learned = values("Every coin has two sides. It goes without saying that cities are loud.")
    assert learned["template_share"] == pytest.approx(10 / 13)
    own = values("A coin lay in the street. Nobody picked it up, although it shone.")
    assert own["template_share"] == 0


def test_a_letter_to_a_stranger_is_not_chatty(values: Values) -> None:
    body = "I write about the library. OK guys, it is gonna close and that is awesome news!!"
    formal = values(f"Dear Sir or Madam,\n\n{body}\n\nLove,\nThu", WritingTask.LETTER)
    assert formal["register_slips"] == 6
    friendly = values(f"Hi Lan,\n\n{body}\n\nLove,\nThu", WritingTask.LETTER)
    assert friendly["register_slips"] == 0
    stiff = values(f"Hi Lan,\n\n{body}\n\nYours faithfully,\nThu", WritingTask.LETTER)
    assert stiff["register_slips"] == 1


def test_uncommon_words_do_not_grow_with_length(values: Values, case: Callable[[str], Any]) -> None:
    whole = case("traffic-b2-essay").work.text
    half = "\n\n".join(whole.split("\n\n")[:3])
    first, all_of_it = values(half), values(whole)
    assert first["uncommon_words"] == pytest.approx(all_of_it["uncommon_words"], abs=3)
    assert all_of_it["distinct_ideas"] > 1.5 * first["distinct_ideas"]


def test_clauses_with_a_slip_are_not_free_of_error(values: Values) -> None:
    text = "I live here because it is quiet. {} When it rains, we stay at home and read."
    clean = values(text.format("She goes to school by bus."))
    slip = values(text.format("She go to school by bus."))
    assert clean["error_free_clauses"] == 1
    assert slip["error_free_clauses"] == pytest.approx(0.8)


def test_openings_set_off_by_a_comma_are_counted(values: Values) -> None:
    seen = values("In my view, cities grow. When it rains, we read. They sing. However, I sleep.")
    assert seen["signposted_sentences"] == 0.75


def test_a_run_on_has_no_openings_and_no_range_to_speak_of(values: Values) -> None:
    seen = values("i go to school " + "and i see my friend and then we play a game " * 6)
    assert not {"signposted_sentences", "sentences_to_a_point", "structure_range"} & seen.keys()
