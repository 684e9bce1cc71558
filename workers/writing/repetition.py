"""Sentences and runs of words that an answer has said before."""

from dataclasses import dataclass

from workers.writing.segments import Sentence, Word

#: Words of a run that count as said before when they stand earlier in the same order.
_RUN = 5
#: Share of a sentence that may be new and the sentence still counts as a repeat.
_NEW_ALLOWED = 0.25
#: New words that any repeat may have, for "As I said before,".
_OPENING = 5


@dataclass(frozen=True, slots=True)
class Repetition:
    """What was said for the first time, and what again."""

    fresh: tuple[Sentence, ...]
    repeated: tuple[Sentence, ...]
    #: Share of all words that repeat a run of words from earlier.
    share: float


def find_repetition(sentences: tuple[Sentence, ...]) -> Repetition:
    """Part sentences that say something first from those that say it again.

    A sentence is a repeat when it has been seen whole, or when nearly all of its
    runs of five words have been, so that "As I said, ..." in front does not hide it.
    """
    fresh: list[Sentence] = []
    repeated: list[Sentence] = []
    wholes: set[tuple[str, ...]] = set()
    runs: set[tuple[str, ...]] = set()
    words = again = 0
    for sentence in sentences:
        forms = tuple(word.form for word in sentence.words)
        covered = _covered(forms, runs)
        words += len(forms)
        new = len(forms) - covered
        is_repeat = forms in wholes or (
            covered >= 2 * new and new <= max(_OPENING, _NEW_ALLOWED * len(forms))
        )
        again += len(forms) if is_repeat else covered
        (repeated if is_repeat else fresh).append(sentence)
        wholes.add(forms)
    return Repetition(tuple(fresh), tuple(repeated), again / words if words else 0.0)


def _covered(forms: tuple[str, ...], runs: set[tuple[str, ...]]) -> int:
    """Count the words inside runs seen before, and remember this sentence's runs."""
    covered = [False] * len(forms)
    for at in range(len(forms) - _RUN + 1):
        run = forms[at : at + _RUN]
        if run in runs:
            covered[at : at + _RUN] = [True] * _RUN
        runs.add(run)
    return sum(covered)


def words_of(sentences: tuple[Sentence, ...]) -> tuple[Word, ...]:
    """All words of ``sentences``, in order."""
    return tuple(word for sentence in sentences for word in sentence.words)
