"""How much of an answer is the prompt's own words, in its order or rearranged."""

from dataclasses import dataclass

from workers.writing.segments import Sentence, Word, words_in
from workers.writing.stop_words import STOP_WORDS

#: A run of this many words of the prompt is copied wording, not shared vocabulary.
_RUN = 4
#: Share of a sentence inside such runs from which it is the prompt's, not the writer's.
_WHOLE = 0.8


@dataclass(frozen=True, slots=True)
class Copying:
    """What an answer took from the prompt."""

    #: Share of the answer's words inside runs of four that the prompt has.
    run_share: float
    #: Share of the answer's content words that are the prompt's, whatever their order.
    content_share: float


def part_copied(
    sentences: tuple[Sentence, ...], prompt: str
) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
    """Part the writer's own sentences from those that repeat the prompt nearly whole."""
    runs = _runs([word.form for word in words_in(prompt)])
    own: list[Sentence] = []
    copied: list[Sentence] = []
    for sentence in sentences:
        covered = sum(_covered([word.form for word in sentence.words], runs))
        (copied if covered >= _WHOLE * len(sentence.words) else own).append(sentence)
    return tuple(own), tuple(copied)


def find_copying(words: tuple[Word, ...], prompt: str) -> Copying:
    """Compare the answer's ``words`` with the prompt."""
    forms = [word.form for word in words]
    asked = [word.form for word in words_in(prompt)]
    covered = _covered(forms, _runs(asked))
    content = [form for form in forms if form not in STOP_WORDS]
    known = set(asked) - STOP_WORDS
    taken = sum(1 for form in content if form in known)
    return Copying(
        run_share=sum(covered) / len(forms) if forms else 0.0,
        content_share=taken / len(content) if content else 0.0,
    )


def _runs(forms: list[str]) -> set[tuple[str, ...]]:
    return {tuple(forms[at : at + _RUN]) for at in range(len(forms) - _RUN + 1)}


def _covered(forms: list[str], runs: set[tuple[str, ...]]) -> list[bool]:
    covered = [False] * len(forms)
    for at in range(len(forms) - _RUN + 1):
        if tuple(forms[at : at + _RUN]) in runs:
            covered[at : at + _RUN] = [True] * _RUN
    return covered
