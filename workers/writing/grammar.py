"""Accuracy: how often the grammar, spelling and punctuation slip."""

from typing import Any

from grading.rubric.observation import Observation
from workers.writing.agreement import find_disagreement
from workers.writing.answer import Answer
from workers.writing.clause_slips import find_clause_slips
from workers.writing.clauses import observe_clauses
from workers.writing.confusions import find_confusions
from workers.writing.models import Models
from workers.writing.phrase_slips import find_phrase_slips
from workers.writing.punctuation import find_punctuation_slips
from workers.writing.sentence_slips import find_sentence_slips, is_letter_line, run_on_words
from workers.writing.slip import Slip, SlipKind
from workers.writing.spelling import Lint
from workers.writing.verb_forms import find_verb_slips

#: harper's kinds that are slips of grammar.
_GRAMMAR_LINTS = {
    "Agreement": SlipKind.AGREEMENT,
    "Grammar": SlipKind.VERB_FORM,
    "Miscellaneous": SlipKind.WORDING,
    "Repetition": SlipKind.WORDING,
}
#: harper's kinds that are a wrong word.
_WORD_LINTS = frozenset(
    {"WordChoice", "Usage", "Eggcorn", "Malapropism", "Nonstandard", "BoundaryError"}
)
#: Slips of the verb: the commonest of learners, and what a clause hangs on.
_VERBS = frozenset({SlipKind.AGREEMENT, SlipKind.VERB_FORM})

#: What a recogniser's full stops and a speaker's second starts look like: no slips of speech.
_WRITTEN_ONLY = frozenset({SlipKind.SENTENCE, SlipKind.WORDING})

#: Slips of how a word is used: what goes before it, how it is counted and compared.
_WORD_USE = frozenset(
    {SlipKind.ARTICLE, SlipKind.NOUN_NUMBER, SlipKind.PREPOSITION, SlipKind.COMPARISON}
)


def observe_accuracy(
    answer: Answer,
    tokens: list[list[Any]],
    lints: tuple[Lint, ...],
    spelt: tuple[Lint, ...],
    models: Models,
    *,
    is_spoken: bool = False,
) -> list[Observation]:
    """Errors in a hundred words by kind, and the share of sentences without any.

    Of a spoken answer, slips that only writing can show are left out.
    """
    slips = _distinct(
        [
            *find_disagreement(answer.parse, models.lexicon),
            *find_verb_slips(answer.parse),
            *find_phrase_slips(answer.parse, models.lexicon),
            *find_sentence_slips(answer, tokens),
            *find_clause_slips(answer.parse, tokens),
            *(
                Slip(_GRAMMAR_LINTS[item.kind], item.start, item.end)
                for item in lints
                if item.kind in _GRAMMAR_LINTS
            ),
        ]
    )
    slips = _in_english(answer, slips)
    if is_spoken:
        slips = [item for item in slips if item.kind not in _WRITTEN_ONLY]
    verbs = [item for item in slips if item.kind in _VERBS]
    uses = [item for item in slips if item.kind in _WORD_USE]
    marks = find_punctuation_slips(answer, lints)
    words = _in_english(
        answer,
        _distinct(
            [
                *find_confusions(answer.parse),
                *(
                    Slip(SlipKind.WORDING, item.start, item.end)
                    for item in lints
                    if item.kind in _WORD_LINTS
                ),
            ]
        ),
    )
    observations = [
        _rate(answer, "grammar_errors", [(slip.start, slip.end) for slip in slips], _names(slips)),
        _rate(answer, "verb_errors", [(item.start, item.end) for item in verbs], _names(verbs)),
        _rate(answer, "word_use_errors", [(item.start, item.end) for item in uses], _names(uses)),
        _rate(answer, "spelling_errors", [(item.start, item.end) for item in spelt], "spelling"),
        _rate(answer, "punctuation_errors", list(marks), "punctuation or capital letters"),
        _rate(answer, "word_choice_errors", [(item.start, item.end) for item in words], "words"),
        _run_ons(answer),
    ]
    bodies = [item for item in answer.sentences if not is_letter_line(answer, item)]
    if bodies:
        places = [slip.start for slip in (*slips, *words)] + [item.start for item in spelt]
        faulty = [
            item for item in bodies if any(item.start <= place < item.end for place in places)
        ]
        observations.append(
            Observation(
                "error_free_sentences",
                1.0 - len(faulty) / len(bodies),
                details={"percent": 100.0 * (1.0 - len(faulty) / len(bodies))},
            )
        )
        observations += observe_clauses(answer, tokens, places)
    return observations


def _rate(answer: Answer, kind: str, spans: list[tuple[int, int]], what: str) -> Observation:
    return Observation(
        kind,
        answer.per_hundred(len(spans)),
        quotes=answer.quotes(spans),
        details={"count": len(spans), "what": what},
    )


def _run_ons(answer: Answer) -> Observation:
    words = run_on_words(answer)
    share = words / len(answer.words) if answer.words else 0.0
    longest = sorted(answer.sentences, key=lambda item: (-len(item.words), item.start))[:1]
    return Observation(
        "run_on_share",
        share,
        quotes=answer.quotes([(item.start, item.end) for item in longest]) if words else (),
        details={
            "percent": 100.0 * share,
            "longest": len(longest[0].words) if longest else 0,
        },
    )


def _names(slips: list[Slip]) -> str:
    counts = {kind: sum(1 for slip in slips if slip.kind is kind) for kind in SlipKind}
    common = sorted((kind for kind in SlipKind if counts[kind]), key=lambda kind: -counts[kind])
    return ", ".join(f"{kind.value} ({counts[kind]})" for kind in common[:3])


def _distinct(slips: list[Slip]) -> list[Slip]:
    """One slip a place: two rules that meet at one error count it once."""
    kept: list[Slip] = []
    for slip in sorted(slips, key=lambda item: (item.start, item.end)):
        whole = slip.kind is SlipKind.SENTENCE and slip.end - slip.start > 40
        if kept and not whole and slip.start < kept[-1].end and kept[-1].end - slip.start < 40:
            continue
        kept.append(slip)
    return kept


def _in_english(answer: Answer, slips: list[Slip]) -> list[Slip]:
    """Leave out what stands in words of another language: those are counted as such."""
    foreign = {
        word.start
        for word, is_english in zip(answer.words, answer.english, strict=True)
        if not is_english
    }
    return [slip for slip in slips if slip.start not in foreign]
