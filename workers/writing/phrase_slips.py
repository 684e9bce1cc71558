"""Slips inside a phrase: articles left out, doubled subjects, comparisons, prepositions."""

from collections.abc import Iterator
from typing import Any

from workers.writing.countability import is_countable
from workers.writing.models import Lexicon
from workers.writing.slip import Slip, SlipKind, slip_at

#: Nouns used without an article after a preposition, or in a set phrase.
_BARE = frozenset(
    """home school university college work class bed hospital church prison town city time
    example instance fact general conclusion addition contrast particular short order case
    person front top need hand day night noon year week month summer winter spring autumn
    breakfast lunch dinner bus car train bike plane phone email mail internet television tv
    society nature man life love peace business part place detail danger trouble doubt way
    access use change advice money food water air health education
    government technology tourism travel step side line reason point thing something anything
    everyone everything someone anyone nobody everybody nothing one none other another
    mom dad mum grandma mother father english sport music football god today tomorrow
    yesterday heart fun sense care control benefit
    lot kind sort date practice turn term mind reality response return""".split()
)
_OBJECT_ROLES = ("nsubj", "dobj", "attr", "nsubjpass")
_STOPS_ARTICLE = ("det", "poss", "nummod", "predet", "quantmod", "nmod")
#: A verb (by lemma) and the preposition that does not follow it.
_NO_PREPOSITION = frozenset(
    {
        ("discuss", "about"), ("mention", "about"), ("emphasize", "on"), ("enter", "into"),
        ("marry", "with"), ("contact", "with"), ("depend", "of"), ("consist", "in"),
        ("reach", "to"), ("approach", "to"), ("answer", "to"), ("face", "with"),
        ("lack", "of"), ("comprise", "of"), ("raise", "up"), ("explain", "about"),
    }
)  # fmt: skip
_WANTS_TO = frozenset("listen".split())
_NOMINATIVE = frozenset("i he she we they".split())


def find_phrase_slips(parse: Any, lexicon: Lexicon) -> Iterator[Slip]:
    """Slips inside phrases of ``parse``."""
    for at, token in enumerate(parse):
        if token.tag_ == "NN" and _lacks_article(token, lexicon):
            yield slip_at(SlipKind.ARTICLE, token, token)
        following = parse[at + 1] if at + 1 < len(parse) else None
        if following is None:
            continue
        if (token.lower_, following.tag_) in (("more", "JJR"), ("most", "JJS"), ("more", "RBR")):
            yield slip_at(SlipKind.COMPARISON, token, following)
        if (token.lemma_, following.lower_) in _NO_PREPOSITION and token.pos_ == "VERB":
            yield slip_at(SlipKind.PREPOSITION, token, following)
        if token.lemma_ in _WANTS_TO and following.tag_ in ("DT", "NN", "NNS", "PRP", "PRP$"):
            yield slip_at(SlipKind.PREPOSITION, token, following)
        if token.lower_ in _NOMINATIVE and token.dep_ == "nsubj" and _is_left_without_verb(token):
            yield slip_at(SlipKind.SENTENCE, token, following)
        if token.lower_ == "very" and following.tag_ in ("VB", "VBP"):
            yield slip_at(SlipKind.SENTENCE, token, following)
    yield from _doubled_subjects(parse)


def _lacks_article(noun: Any, lexicon: Lexicon) -> bool:
    form = noun.lower_
    if form in _BARE or len(form) < 3 or not form.isalpha() or form.endswith("ing"):
        return False
    if any(child.dep_ in _STOPS_ARTICLE for child in noun.children):
        return False
    if any(child.tag_ in ("CD", "POS", "PDT", "DT", "WP$") for child in noun.children):
        return False
    left = noun.nbor(-1) if noun.i > 0 else None
    if left is not None and (left.is_quote or left.tag_ in ("HYPH", "DT", "PRP$", "CD", "POS")):
        return False
    if any(child.dep_ in ("compound", "conj", "cc") for child in noun.children):
        return False
    if noun.dep_ in _OBJECT_ROLES:
        return is_countable(form, lexicon, 0.45)
    return noun.dep_ == "pobj" and is_countable(form, lexicon, 0.75)


def _is_left_without_verb(pronoun: Any) -> bool:
    """ "they happy": the subject's head is no verb and has none."""
    head = pronoun.head
    return head.pos_ in ("ADJ", "NOUN") and not any(
        child.pos_ in ("AUX", "VERB") for child in head.children
    )


def _doubled_subjects(parse: Any) -> Iterator[Slip]:
    """ "My brother he is": a noun and its pronoun are both the verb's subject."""
    for token in parse:
        if token.pos_ not in ("VERB", "AUX"):
            continue
        subjects = [
            child for child in token.children if child.dep_ == "nsubj" and child.i < token.i
        ]
        if len(subjects) > 1 and subjects[-1].tag_ == "PRP" and subjects[0].tag_[:2] == "NN":
            yield slip_at(SlipKind.SENTENCE, subjects[0], subjects[-1])
