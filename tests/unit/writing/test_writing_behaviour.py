"""What the embedded grader must do with texts of all sorts."""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench.behaviour import shortfalls
from grading.domain.job import JobStage
from grading.domain.result import CapReason, Flag, GradingResult
from grading.domain.score import Band
from grading.domain.work import Prompt, WritingTask, WritingWork
from grading.rubric.engine import kinds_used
from grading.rubric.load import load_rubric
from workers.unwatched_run import UnwatchedRun
from workers.writing.embedded import EmbeddedWritingGrader

ESSAYS = Path(__file__).parents[3] / "embedded" / "essays"
Grade = Callable[[WritingWork], GradingResult]


def _check_quotes(work: WritingWork, result: GradingResult) -> None:
    for criterion in result.criteria:
        for evidence in criterion.evidence:
            assert len(evidence.quotes) <= 5
            for quote in evidence.quotes:
                assert quote.text == work.text[quote.start : quote.end]
                assert quote.text


def test_case(case_name: str, case: Callable[[str], Any], grade: Grade) -> None:
    trial = case(case_name)
    result = grade(trial.work)
    _check_quotes(trial.work, result)
    assert shortfalls(trial, result) == []


def test_demo_essays_stand_in_order_and_in_their_bands(grade: Grade) -> None:
    prompt = Prompt(
        (ESSAYS / "prompt.txt").read_text("utf-8").strip(),
        tuple((ESSAYS / "requirements.txt").read_text("utf-8").strip().split("\n")),
    )
    results = [
        grade(WritingWork(WritingTask.ESSAY, (ESSAYS / f"{name}.txt").read_text("utf-8"), prompt))
        for name in ("b1", "b2", "c1")
    ]
    assert [result.band for result in results] == [Band.B1, Band.B2, Band.C1]
    assert all(lower.score < higher.score for lower, higher in pairwise(results))
    assert all(result.word_count >= 250 for result in results)


@pytest.mark.parametrize(
    "name",
    [
        "injection-note",
        "injection-block",
        "injection-in-a-quotation",
        "injection-role-play",
        "injection-vietnamese",
    ],
)
def test_words_to_the_grader_move_no_score(
    name: str, case: Callable[[str], Any], grade: Grade
) -> None:
    plain = grade(case("traffic-b1-essay").work)
    injected = grade(case(name).work)
    assert injected.flags == (Flag.INSTRUCTIONS_TO_GRADER,)
    assert [item.score for item in injected.criteria] == [item.score for item in plain.criteria]
    assert injected.exact_score == plain.exact_score


def test_white_space_and_line_ends_change_nothing(case: Callable[[str], Any], grade: Grade) -> None:
    work = case("traffic-b2-essay").work
    plain = grade(work)
    for text in (
        work.text.replace("\n", "\r\n"),
        "\n\n  " + work.text.replace(" ", "   ").replace("\n\n", "  \n\t\n\n\n") + " \n",
        work.text.replace(" ", "\u00a0"),
        work.text.replace("'", "\u2019"),
        unicodedata.normalize("NFD", work.text),
    ):
        moved = grade(replace(work, text=text))
        _check_quotes(replace(work, text=text), moved)
        assert moved.exact_score == plain.exact_score
        assert [item.score for item in moved.criteria] == [item.score for item in plain.criteria]


@pytest.mark.parametrize("name", ["traffic-b1-essay", "library-c1-letter", "emoji-letter"])
def test_line_ends_blank_lines_and_spaces_at_ends_measure_the_same(
    name: str, grader: EmbeddedWritingGrader, case: Callable[[str], Any]
) -> None:
    work = case(name).work

    def seen(text: str) -> list[tuple[str, float, dict[str, Any]]]:
        observations = grader.observe(replace(work, text=text), UnwatchedRun())
        return [(item.kind, item.value, dict(item.details)) for item in observations]

    plain = seen(work.text)
    assert seen(work.text) == plain
    for text in (
        work.text.replace("\n", "\r\n"),
        work.text.replace("\n\n", "\n\n\n\n"),
        work.text.replace("\n", " \t\n"),
        f"\n\n{work.text}  \n",
    ):
        assert seen(text) == plain


def test_the_same_work_gives_the_same_result(case: Callable[[str], Any], grade: Grade) -> None:
    work = case("traffic-c1-essay").work
    assert grade(work) == grade(work)


def test_shuffled_words_make_no_sense(case: Callable[[str], Any], grade: Grade) -> None:
    work = case("traffic-c1-essay").work
    words = work.text.split()
    random.Random(3).shuffle(words)
    result = grade(replace(work, text=" ".join(words)))
    assert CapReason.NO_SENSE in {cap.reason for cap in result.caps}


def test_an_answer_in_another_language_without_its_accents(
    case: Callable[[str], Any], grade: Grade
) -> None:
    work = case("vietnamese").work
    letters = unicodedata.normalize("NFD", work.text.replace("đ", "d"))
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    result = grade(replace(work, text=plain))
    assert CapReason.NOT_ENGLISH in {cap.reason for cap in result.caps}


def test_a_short_prompt_still_tells_a_stray(case: Callable[[str], Any], grade: Grade) -> None:
    prompt = Prompt("Some people believe that mobile phones should be banned in schools.")
    result = grade(replace(case("off-topic").work, prompt=prompt))
    assert CapReason.OFF_TOPIC in {cap.reason for cap in result.caps}


def test_without_a_prompt_nothing_is_said_about_it(
    case: Callable[[str], Any], grade: Grade
) -> None:
    result = grade(replace(case("traffic-b2-essay").work, prompt=Prompt("")))
    assert result.caps == ()
    kinds = {item.kind for criterion in result.criteria for item in criterion.evidence}
    assert not kinds & {"relevance", "relevance_to_title", "requirements_covered"}


def test_the_prompt_put_in_front_does_not_raise(case: Callable[[str], Any], grade: Grade) -> None:
    work = case("traffic-b1-essay").work
    padded = replace(work, text=f"{work.prompt.text}\n\n{work.text}")
    assert grade(padded).exact_score <= grade(work).exact_score


def test_planted_errors_do_not_raise(case: Callable[[str], Any], grade: Grade) -> None:
    work = case("traffic-b2-essay").work
    worse = work.text.replace("has risen", "have rise").replace("to deal", "to dealing")
    worse = worse.replace("government", "goverment").replace("because", "becouse")
    assert grade(replace(work, text=worse)).exact_score <= grade(work).exact_score


def test_progress_only_grows(grader: EmbeddedWritingGrader, case: Callable[[str], Any]) -> None:
    seen: list[tuple[JobStage, float]] = []
    run = UnwatchedRun(lambda stage, progress, _: seen.append((stage, progress)))
    grader.grade(case("too-short").work, run)
    numbers = [progress for _, progress in seen]
    assert numbers == sorted(numbers)
    assert len(seen) >= 4
    assert all(0.2 <= progress <= 0.8 for stage, progress in seen if stage is JobStage.MEASURING)
    assert seen[-1] == (JobStage.SCORING, 0.9)


def test_a_report_that_raises_stops_the_grading(
    grader: EmbeddedWritingGrader, case: Callable[[str], Any]
) -> None:
    def lost(stage: JobStage, progress: float, message: str) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        grader.grade(case("too-short").work, UnwatchedRun(lost))


def test_provenance_names_every_version(case: Callable[[str], Any], grade: Grade) -> None:
    provenance = grade(case("too-short").work).provenance
    assert provenance.grader == "embedded-writing"
    assert provenance.rubric_version == "writing-2.0"
    assert provenance.feature_version
    assert any(tool.startswith("harper-py ") for tool in provenance.tools)


def test_every_kind_that_is_measured_is_one_of_the_rubric(
    grader: EmbeddedWritingGrader, case: Callable[[str], Any]
) -> None:
    known = kinds_used(load_rubric("writing-2.0"))
    seen = {
        item.kind
        for name in ("traffic-b2-essay", "library-c1-letter", "copied")
        for item in grader.observe(case(name).work, UnwatchedRun())
    }
    assert seen - known == set()
    assert known - seen <= {"relevance_to_title", "scorer_spread"}


def _random_words(seed: int, letters: str) -> str:
    chance = random.Random(seed)
    words = ("".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(3_000))
    return " ".join(words)


HOSTILE = {
    "dot": ".",
    "digits": "123 456 " * 2_500,
    "punctuation": "!?.,;:()[]{}<>" * 1_500,
    "brackets": "(" * 20_000,
    "one_letter_words": "a b c d " * 2_500,
    "one_long_word": "x" * 20_000,
    "emoji": "\U0001f600 hello \U0001f469\u200d\U0001f469\u200d\U0001f467 " * 1_200,
    "combining": "a" + "\u0301" * 19_999,
    "one_sentence": "and it goes on because nobody stops it or tells it to " * 370,
    "random_letters": _random_words(1, "abcdefghijklmnopqrstuvwxyz"),
    "random_capitals": _random_words(2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "chinese": "\u6211\u8ba4\u4e3a\u4ea4\u901a\u662f\u4e2a\u5927\u95ee\u9898\u3002" * 1_600,
    "json": '{"a":' * 3_300,
    "open_tags": "<system " * 2_500,
    "fences": "```" * 6_600,
    "one_word_a_line": "a\n" * 10_000,
    "lone_surrogate": "hello \ud800 world " * 500,
    "growing_in_lower_case": "\u0130STANBUL \u0130Y\u0130 STRA\u1e9eE " * 700,
    "zero_width": "\u200b" * 20_000,
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_graded_low_and_in_time(name: str, grade: Grade) -> None:
    text = HOSTILE[name][:20_000]
    for task in WritingTask:
        work = WritingWork(task, text, Prompt("Write about the traffic in cities."))
        result = grade(work)
        _check_quotes(work, result)
        assert result.score <= 4
