"""Misspelt words, without names and without the spellings of another English."""

import re
from dataclasses import dataclass
from typing import Any

from workers.writing.answer import Answer
from workers.writing.models import Models

#: British endings and the American ones that harper's dictionary knows.
_VARIANTS = tuple(
    (re.compile(british), american)
    for british, american in (
        (r"our(?=$|s|ed|ing|ite|able|al|er|ful|less|hood|ly)", "or"),
        (r"is(?=e$|es$|ed$|ing$|er$|ers$|ation|able)", "iz"),
        (r"ys(?=e$|es$|ed$|ing$|er$)", "yz"),
        (r"tre(?=$|s$|d$)", "ter"),
        (r"bre(?=$|s$|d$)", "ber"),
        (r"ll(?=ed$|ing$|er$|ers$|or$|ors$)", "l"),
        (r"ence(?=$|s$|d$)", "ense"),
        (r"ogue(?=$|s$)", "og"),
        (r"amme(?=$|s$)", "am"),
        (r"ae", "e"),
        (r"oe", "e"),
        (r"l(?=ment|ful)", "ll"),
        (r"ey(?=$|s$)", "ay"),
        (r"wards$", "ward"),
        (r"^tyr", "tir"),
    )
)
#: Zipf value from which a word is in good use, whether harper knows it or not.
_IN_USE = 4.3
#: Looking for what an unknown word was meant to be takes milliseconds: after so many
#: of them the rest of a text is not checked.
_MOST_UNKNOWN = 100


@dataclass(frozen=True, slots=True)
class Lint:
    """Something harper pointed at."""

    start: int
    end: int
    kind: str
    text: str
    message: str
    suggestions: tuple[str, ...]


def lint(answer: Answer, models: Models) -> tuple[Lint, ...]:
    """Everything harper finds in the measured text, in order."""
    text = answer.text[: _end_of_lint(answer, models)]
    with models.linter_lock:
        found = models.linter.lint(text, language="plaintext")
    return tuple(
        Lint(
            start=item.span.start,
            end=item.span.end,
            kind=item.lint_kind,
            text=item.problem_text,
            message=item.message,
            suggestions=tuple(option.replacement_text for option in item.suggestions[:2]),
        )
        for item in found
        if item.span.end > item.span.start
    )


def _end_of_lint(answer: Answer, models: Models) -> int:
    unknown = 0
    for word in answer.words:
        unknown += models.lexicon.zipf(word.form) == 0
        if unknown > _MOST_UNKNOWN:
            return word.start
    return len(answer.text)


def misspellings(answer: Answer, lints: tuple[Lint, ...], models: Models) -> tuple[Lint, ...]:
    """Spelling lints that are a learner's slips."""
    english = {
        word.start for word, is_english in zip(answer.words, answer.english, strict=True)
        if is_english
    }  # fmt: skip
    # A capital says nothing at the start of a sentence, but much in a signature.
    openings = {item.words[0].start for item in answer.sentences if len(item.words) > 3}
    spelt = [item for item in lints if item.kind in ("Spelling", "Typo")]
    variants = _known_variants({item.text.lower() for item in spelt}, models)
    return tuple(
        item
        for item in spelt
        if item.start in english
        and item.text.isalpha()
        and not _is_name(item, openings, answer)
        and item.text.lower() not in variants
        and models.lexicon.zipf(item.text.lower()) < _IN_USE
    )


def _is_name(item: Lint, openings: set[int], answer: Answer) -> bool:
    if answer.is_shouted or not item.text[0].isupper():
        return False
    return item.start not in openings or len(item.text) < 3


def _known_variants(forms: set[str], models: Models) -> set[str]:
    """Forms that are right in British English."""
    options = {
        (form, pattern.sub(american, form))
        for form in forms
        for pattern, american in _VARIANTS
        if pattern.search(form)
    }
    if not options:
        return set()
    texts = sorted({option for _, option in options})[:400]
    unknown = _unknown(texts, models.linter, models)
    tried = set(texts)
    return {form for form, option in options if option in tried and option not in unknown}


def _unknown(texts: list[str], linter: Any, models: Models) -> set[str]:
    with models.linter_lock:
        found = linter.lint(", ".join(texts), language="plaintext")
    return {item.problem_text.lower() for item in found if item.lint_kind == "Spelling"}
