"""Slips of agreement: a verb with its subject, a noun with what counts it."""

from collections.abc import Iterator
from typing import Any

from workers.writing.countability import is_countable
from workers.writing.models import Lexicon
from workers.writing.slip import Slip, SlipKind, slip_at

_THIRD_PERSON = frozenset({"he", "she", "it"})
_PLURAL_PERSONS = frozenset({"we", "they", "you", "i"})
#: Singular in form, with a plural verb in good English too.
_COLLECTIVE = frozenset(
    """people police family team government staff class couple number lot majority rest group
    half most none all some any who which that what part variety range series percent data
    media public youth audience crowd company""".split()
)
_WANTS_PLURAL = frozenset(
    "many several these those various two three four five six seven eight nine ten both few"
    .split()
)  # fmt: skip
_WANTS_SINGULAR = frozenset("a an every each another this that".split())
#: Nouns that are the same or have no plural ending, whatever counts them.
_SAME_IN_PLURAL = frozenset(
    "people fish sheep series species means children men women teeth feet police percent cent"
    " vietnamese".split()
)  # fmt: skip
_NEVER_PLURAL = frozenset(
    """informations advices homeworks furnitures equipments knowledges childrens peoples luggages
    softwares researches evidences musics moneys stuffs vocabularys sceneries behaviours' staffs'
    womens mens transportations pollutions trafics traffics""".split()
)


def find_disagreement(parse: Any, lexicon: Lexicon) -> Iterator[Slip]:
    """Slips of agreement in ``parse``."""
    for token in parse:
        if token.dep_ in ("nsubj", "nsubjpass"):
            if _disagrees(token, token.head):
                yield slip_at(SlipKind.AGREEMENT, token, token.head)
        elif _is_there_is_with_many(token):
            yield slip_at(SlipKind.AGREEMENT, token, token.head)
        if token.lower_ in _NEVER_PLURAL:
            yield slip_at(SlipKind.NOUN_NUMBER, token, token)
        elif token.tag_ in ("NN", "NNS"):
            yield from _miscounted(token, lexicon)


def _is_there_is_with_many(token: Any) -> bool:
    return (
        token.dep_ == "expl"
        and token.head.lower_ in ("is", "was")
        and any(child.dep_ == "attr" and child.tag_ == "NNS" for child in token.head.children)
    )


def _finite(verb: Any) -> Any:
    """The word that carries the tense: the first auxiliary, or the verb itself."""
    helpers = [child for child in verb.children if child.dep_ in ("aux", "auxpass")]
    helpers = [child for child in helpers if child.tag_ != "TO"]
    return min(helpers, key=lambda child: child.i) if helpers else verb


def _disagrees(subject: Any, head: Any) -> bool:
    if head.pos_ not in ("VERB", "AUX") or subject.i > head.i:
        return False
    if any(child.tag_ == "TO" for child in head.children):
        return False
    verb = _finite(head)
    if verb.i < subject.i or verb.i - subject.i > 12:
        return False
    joined = any(child.dep_ in ("conj", "cc", "nummod", "appos") for child in subject.children)
    form, word = subject.lower_, verb.lower_
    if form in ("who", "that", "which"):
        return _relative_disagrees(head, verb)
    if verb.tag_ == "VBZ" or word == "was":
        if form == "people":
            return True
        plural = form in ("we", "they", "you") or (subject.tag_ == "NNS" and verb.tag_ == "VBZ")
        return (plural or (form == "i" and verb.tag_ == "VBZ")) and form not in _COLLECTIVE
    if joined or verb.tag_ not in ("VBP", "VB") or form in _PLURAL_PERSONS:
        return False
    if form in _THIRD_PERSON:
        return not _is_bare_on_purpose(head)
    singular = subject.tag_ == "NN" and form not in _COLLECTIVE | _SAME_IN_PLURAL
    return singular and not _is_bare_on_purpose(head)


def _relative_disagrees(head: Any, verb: Any) -> bool:
    """ "someone who have", "things that helps": the verb agrees with what the clause is about."""
    noun = head.head
    # "problems which this causes": the relative is what is caused.
    if sum(1 for child in head.children if child.dep_ in ("nsubj", "nsubjpass")) != 1:
        return False
    if head.dep_ != "relcl" or noun.lower_ in _COLLECTIVE | _SAME_IN_PLURAL:
        return False
    # "one of the things that help": either noun may be meant.
    if any(child.dep_ in ("conj", "nummod", "prep") for child in noun.children) or noun.dep_ in (
        "pobj", "conj", "appos",
    ):  # fmt: skip
        return False
    return (verb.tag_, noun.tag_) in (("VBP", "NN"), ("VBZ", "NNS"))


def _is_bare_on_purpose(head: Any) -> bool:
    """ "suggest that he go", "help it grow", "make the child eat": no ending is right."""
    return head.dep_ in ("ccomp", "xcomp", "conj") and head.head.lemma_ in (
        "suggest", "recommend", "insist", "demand", "propose", "require", "make", "let", "help",
        "see", "hear", "watch", "have", "ask", "do", "can", "will",
    )  # fmt: skip


def _miscounted(noun: Any, lexicon: Lexicon) -> Iterator[Slip]:
    form = noun.lower_
    # "a six-lane road", "two well-known singers".
    if any(near.tag_ == "HYPH" for near in noun.doc[max(0, noun.i - 1) : noun.i + 2]):
        return
    if form in _SAME_IN_PLURAL or any(child.dep_ == "conj" for child in noun.children):
        return
    # A "noun" that is a clause is a verb: "the noise which this road causes".
    if noun.dep_ == "relcl":
        return
    for child in noun.children:
        if child.i > noun.i or child.dep_ not in ("det", "amod", "nummod"):
            continue
        counter = child.lower_
        if noun.tag_ == "NN" and counter in _WANTS_PLURAL and not form.endswith("s"):
            if noun.i - child.i <= 3 and is_countable(form, lexicon, 0.05):
                yield slip_at(SlipKind.NOUN_NUMBER, child, noun)
        elif noun.tag_ == "NNS" and counter in _WANTS_SINGULAR and noun.i - child.i <= 2:
            if not any(other.dep_ == "nummod" or other.lower_ == "few" for other in noun.children):
                yield slip_at(SlipKind.NOUN_NUMBER, child, noun)
        elif (noun.tag_ == "NNS" and counter == "much") or (
            noun.tag_ == "NN" and counter in ("some", "all", "other", "different", "most")
            and child.i == noun.i - 1 and is_countable(form, lexicon, 0.7)
        ):  # fmt: skip
            yield slip_at(SlipKind.NOUN_NUMBER, child, noun)
