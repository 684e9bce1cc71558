"""Slips of verb form: what may follow a modal, "to", a preposition, "have" or "be"."""

from collections.abc import Iterator
from typing import Any

from workers.writing.slip import Slip, SlipKind, slip_at

_MODALS = frozenset("can could will would shall should may might must 'll ca wo".split())
_DO = frozenset("do does did".split())
_PAST_TIMES = frozenset("yesterday ago".split())
#: "last year", "last summer"; not "last" alone.
_PERIODS = frozenset("day night week weekend month year summer winter spring holiday time".split())
#: Prepositions that only an -ing form may follow.
_BEFORE_GERUND = frozenset("for without of by about from in at after before with".split())


def find_verb_slips(parse: Any) -> Iterator[Slip]:
    """Slips of verb form in ``parse``."""
    for at, token in enumerate(parse):
        following = _next_verb(parse, at)
        if following is not None:
            if token.tag_ == "MD" or token.lower_ in _MODALS:
                wrong = following.tag_ in ("VBZ", "VBD", "VBG") or (
                    following.tag_ == "VBN" and following.lower_ != following.lemma_
                )
                if wrong and token.tag_ == "MD":
                    yield slip_at(SlipKind.VERB_FORM, token, following)
            elif token.lower_ in _DO and token.dep_ == "aux":
                if following.tag_ in ("VBZ", "VBD", "VBN", "VBG") and following.i - at <= 3:
                    yield slip_at(SlipKind.VERB_FORM, token, following)
            elif token.tag_ == "TO" and following.i == at + 1:
                if following.tag_ in ("VBD", "VBZ", "VBN"):
                    yield slip_at(SlipKind.VERB_FORM, token, following)
            elif token.lemma_ == "have" and token.dep_ == "aux":
                if following.tag_ in ("VB", "VBP", "VBZ") and following.head is not token:
                    yield slip_at(SlipKind.VERB_FORM, token, following)
            elif token.lemma_ == "be" and following.i == at + 1:
                # "all they have to do is wait" is right.
                is_bare = following.tag_ in ("VB", "VBP") and following.lemma_ != "be"
                if is_bare and parse[at - 1].lemma_ != "do":
                    yield slip_at(SlipKind.VERB_FORM, token, following)
        if token.pos_ == "ADP" and token.lower_ in _BEFORE_GERUND and at + 1 < len(parse):
            bare = parse[at + 1]
            if bare.tag_ in ("VB", "VBP") and bare.pos_ == "VERB":
                yield slip_at(SlipKind.VERB_FORM, token, bare)
    yield from _wrong_times(parse)


def _next_verb(parse: Any, at: int) -> Any:
    """The verb right after place ``at``, with at most two adverbs between."""
    for token in parse[at + 1 : at + 4]:
        if token.pos_ in ("VERB", "AUX"):
            return token
        if token.pos_ not in ("ADV", "PART") or token.tag_ == "TO":
            return None
    return None


def _wrong_times(parse: Any) -> Iterator[Slip]:
    """A present verb in a clause that says when in the past."""
    for token in parse:
        past = token.lower_ in _PAST_TIMES or (
            token.lower_ in _PERIODS and token.i > 0 and parse[token.i - 1].lower_ == "last"
        )
        if not past:
            continue
        verb = token.head
        for _ in range(3):
            if verb.pos_ in ("VERB", "AUX"):
                break
            verb = verb.head
        helped = any(child.dep_ in ("aux", "auxpass") for child in verb.children)
        near = abs(verb.i - token.i) < 12
        if verb.tag_ in ("VBP", "VBZ", "VB") and not helped and near:
            yield slip_at(SlipKind.VERB_FORM, verb, verb)
