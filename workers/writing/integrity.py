"""What shows that an answer is not the learner's own English work on the task."""

from collections.abc import Callable

from grading.rubric.observation import Observation
from workers.writing.answer import Answer
from workers.writing.copying import find_copying
from workers.writing.segments import Word


def observe_integrity(answer: Answer, zipf: Callable[[str], float]) -> list[Observation]:
    """Copying, repetition, other languages, strings that are no words, words to the grader.

    ``zipf`` tells how frequent a word is in English; 0 when it is unknown.
    """
    copied = find_copying(answer.all_words, answer.prompt.text)
    foreign = _runs(answer.words, answer.english)
    observations = [
        Observation(
            "copied_share",
            copied.run_share,
            quotes=answer.copied,
            details={"percent": 100.0 * copied.run_share},
        ),
        Observation(
            "prompt_words",
            copied.content_share,
            details={"percent": 100.0 * copied.content_share},
        ),
        Observation(
            "repeated_share",
            answer.repeated_share,
            quotes=answer.repeated,
            details={"percent": 100.0 * answer.repeated_share},
        ),
        Observation(
            "foreign_share",
            1.0 - answer.english_share,
            quotes=answer.quotes(foreign),
            details={"percent": 100.0 * (1.0 - answer.english_share)},
        ),
        Observation(
            "instructions_to_grader", float(len(answer.to_grader)), quotes=answer.to_grader
        ),
    ]
    if answer.words:
        unknown = [word for word in answer.words if zipf(word.form) < 1.0]
        share = len(unknown) / len(answer.words)
        observations.append(
            Observation(
                "unknown_share",
                share,
                quotes=answer.quotes([(word.start, word.end) for word in unknown]),
                details={"percent": 100.0 * share},
            )
        )
    return observations


def _runs(words: tuple[Word, ...], english: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Stretches of words that are not English, longest first."""
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for at, is_english in enumerate([*english, True]):
        if not is_english and start is None:
            start = at
        elif is_english and start is not None:
            runs.append((words[start].start, words[at - 1].end))
            start = None
    return sorted(runs, key=lambda run: (run[0] - run[1], run[0]))
