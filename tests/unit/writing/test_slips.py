"""Slips that are found, and good English that is left alone."""

from collections.abc import Callable

import pytest

from grading.domain.work import Prompt, WritingTask, WritingWork
from workers.unwatched_run import UnwatchedRun
from workers.writing.embedded import EmbeddedWritingGrader

Counts = Callable[[str], dict[str, float]]
SLIPS = ("grammar_errors", "word_choice_errors")


@pytest.fixture(scope="session")
def counts(grader: EmbeddedWritingGrader) -> Counts:
    """How often each kind of slip is found in a text."""

    def count(text: str) -> dict[str, float]:
        work = WritingWork(WritingTask.ESSAY, text, Prompt(""))
        seen = grader.observe(work, UnwatchedRun())
        return {
            item.kind: float(item.details["count"])
            for item in seen
            if item.kind.endswith("_errors") and "count" in item.details
        }

    return count


@pytest.mark.parametrize(
    "text",
    [
        "Is very important to learn another language at school.",
        "I stay at home because is cold outside in winter.",
        "Because the teacher was ill for a long time.",
        "We need want follow our dreams every day of our lives.",
        "When they hear the truth, it may the person grow.",
        "I met someone who have a big house near the river.",
        "There are some habits that makes people tired in the evening.",
        "Life is more easy with a telephone in every house.",
        "I am agree with the writer of the article.",
        "They should of asked their parents before they went.",
        "In the evening they go to there house and sleep.",
        "Most of people in my town work in a factory.",
        "Sometime the bus is late and we have to wait.",
        "People is happy when the summer comes to the village.",
    ],
)
def test_slips_are_found(text: str, counts: Counts) -> None:
    found = counts(text)
    assert sum(found[kind] for kind in SLIPS) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "Were it cheaper, I would buy a house that stands near the sea.",
        "He is old but is still strong enough to carry the bags.",
        "The problems which this development causes are well known to us.",
        "A six-lane road was built beside the school that my brothers attend.",
        "One of the teachers who help us is leaving in the spring.",
        "My brother and I are looking for the other people who were on the bus.",
        "Should they be allowed to stay at home when they are ill?",
        "More good food is grown in this valley than in any other.",
        "Because I was late, I took a taxi to the station.",
        "She could at least have asked whether we wanted to come.",
        "Does everyone have a ticket for the concert on Friday?",
        "I want to learn more about the animals that live there.",
    ],
)
def test_good_english_has_none(text: str, counts: Counts) -> None:
    found = counts(text)
    assert {kind: found[kind] for kind in SLIPS} == dict.fromkeys(SLIPS, 0.0)


def test_slips_of_the_verb_and_of_word_use_are_told_apart(counts: Counts) -> None:
    verbs = counts("She go to school by bus every day and he like it very much.")
    assert verbs["verb_errors"] >= 2
    assert verbs["word_use_errors"] == 0
    uses = counts("I have many book at home, and my brother has three dog in the garden.")
    assert uses["word_use_errors"] == 2
    assert uses["verb_errors"] == 0
