"""Range of structures: which clauses and verb phrases an answer uses, and how often."""

from collections import Counter
from statistics import mean
from typing import Any

from grading.rubric.observation import Observation
from workers.writing.answer import Answer
from workers.writing.sentence_slips import LONGEST_SENTENCE, is_letter_line

#: What counts as one kind of structure, in words for a learner.
_NAMES = {
    "advcl": "adverbial clauses",
    "relcl": "relative clauses",
    "ccomp": "noun clauses",
    "acl": "participle phrases",
    "csubj": "clauses as subject",
    "pcomp": "gerunds after prepositions",
    "passive": "passive verbs",
    "perfect": "perfect tenses",
    "conditional": "conditionals",
    "modal": "modal verbs",
    "participle_opening": "participle openings",
    "cleft_or_inversion": "emphatic word order",
}
_CLAUSES = frozenset({"advcl", "relcl", "ccomp", "acl", "csubj", "pcomp"})
#: Uses in a hundred words from which more earns nothing.
_ENOUGH = 1.0


def observe_structures(answer: Answer, tokens: list[list[Any]]) -> list[Observation]:
    """Subordination, variety of structures, and sentence length.

    Sentences too long to follow are left out: a run-on is many clauses without
    being a complex sentence.
    """
    pairs = [
        (sentence, inner)
        for sentence, inner in zip(answer.sentences, tokens, strict=True)
        if len(sentence.words) <= LONGEST_SENTENCE and not is_letter_line(answer, sentence)
    ]
    words = len(answer.words)
    if not words or not pairs:
        return []
    counts: Counter[str] = Counter()
    for _, inner in pairs:
        counts.update(name for token in inner for name in _structures(token))
    clauses = sum(counts[name] for name in _CLAUSES)
    used = [name for name in _NAMES if counts[name]]
    # One of each kind in a hundred words is full range; fewer uses count in part.
    range_used = sum(min(1.0, 100.0 * counts[name] / words / _ENOUGH) for name in _NAMES)
    lengths = [len(sentence.words) for sentence, _ in pairs]
    observations = [
        Observation(
            "subordination",
            100.0 * clauses / words,
            details={"count": clauses},
        ),
        Observation(
            "structure_range",
            range_used,
            details={
                "kinds": len(used),
                "names": ", ".join(_NAMES[name] for name in used[:5]) or "none",
            },
        ),
    ]
    if len(lengths) >= 3:
        observations.append(Observation("sentence_length", mean(lengths)))
    return observations


def _structures(token: Any) -> list[str]:
    found: list[str] = []
    dep, tag = token.dep_, token.tag_
    if dep in _CLAUSES and token.pos_ in ("VERB", "AUX"):
        found.append(dep)
        if dep == "advcl" and any(
            child.dep_ == "mark" and child.lower_ in ("if", "unless") for child in token.children
        ):
            found.append("conditional")
        is_opening = token.i < token.head.i and tag in ("VBG", "VBN")
        if dep == "advcl" and is_opening and not _has_marker(token):
            found.append("participle_opening")
    if dep == "auxpass":
        found.append("passive")
    if dep == "aux" and token.lemma_ == "have" and token.head.tag_ in ("VBN", "VBD"):
        found.append("perfect")
    if tag == "MD":
        found.append("modal")
    if dep == "aux" and _is_inverted(token):
        found.append("cleft_or_inversion")
    return found


def _has_marker(token: Any) -> bool:
    return any(child.dep_ == "mark" for child in token.children)


def _is_inverted(helper: Any) -> bool:
    """An auxiliary before its subject, in a sentence that is no question."""
    subjects = [child for child in helper.head.children if child.dep_ == "nsubj"]
    is_question = any(child.text == "?" for child in helper.head.children)
    return bool(subjects) and helper.i < subjects[0].i and not is_question
