"""How much of an answer is the prompt's own words, in its order or rearranged."""

from dataclasses import dataclass

from workers.writing.segments import Word, words_in
from workers.writing.stop_words import STOP_WORDS

#: A run of this many words of the prompt is copied wording, not shared vocabulary.
_RUN = 4


@dataclass(frozen=True, slots=True)
class Copying:
    """What an answer took from the prompt."""

    #: Share of the answer's words inside runs of four that the prompt has.
    run_share: float
    #: Share of the answer's content words that are the prompt's, whatever their order.
    content_share: float
    #: First and last place of the longest runs, in the clean text.
    spans: tuple[tuple[int, int], ...]


def find_copying(words: tuple[Word, ...], prompt: str) -> Copying:
    """Compare the answer's ``words`` with the prompt."""
    forms = [word.form for word in words]
    asked = [word.form for word in words_in(prompt)]
    runs = {tuple(asked[at : at + _RUN]) for at in range(len(asked) - _RUN + 1)}
    covered = [False] * len(forms)
    for at in range(len(forms) - _RUN + 1):
        if tuple(forms[at : at + _RUN]) in runs:
            covered[at : at + _RUN] = [True] * _RUN
    content = [form for form in forms if form not in STOP_WORDS]
    known = set(asked) - STOP_WORDS
    taken = sum(1 for form in content if form in known)
    return Copying(
        run_share=sum(covered) / len(forms) if forms else 0.0,
        content_share=taken / len(content) if content else 0.0,
        spans=_longest(words, covered),
    )


def _longest(words: tuple[Word, ...], covered: list[bool]) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for at, is_covered in enumerate([*covered, False]):
        if is_covered and start is None:
            start = at
        elif not is_covered and start is not None:
            spans.append((words[start].start, words[at - 1].end))
            start = None
    longest = sorted(spans, key=lambda span: (span[0] - span[1], span[0]))[:5]
    return tuple(sorted(longest))
