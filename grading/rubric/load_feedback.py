"""The versions of the feedback's texts, read from the package and checked."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

from grading.domain.criterion import Criterion
from grading.domain.feedback import FeedbackLanguage
from grading.domain.result import CapReason
from grading.rubric.document import RubricError, Section, parse
from grading.rubric.feedback_rules import CapTexts, Case, FeedbackRules, KindTexts, Side, Texts
from grading.rubric.phrase import names_in

_VALUE = frozenset({"value"})
_NOTHING: frozenset[str] = frozenset()


@lru_cache
def load_feedback(version: str) -> FeedbackRules:
    """The texts of ``version``, such as ``1.0``.

    Raises:
        RubricError: there is no such version, or its file is wrong.
    """
    name = f"feedback-{version}.yaml"
    file = resources.files("grading.rubric") / "versions" / name
    if not file.is_file():
        raise RubricError(f"there is no version {version} of the feedback")
    return read_feedback(file.read_text(encoding="utf-8"), name)


def read_feedback(text: str, file: str) -> FeedbackRules:
    """Build the rules from the text of a file, checking every text.

    Raises:
        RubricError: names the file, the line, the entry and what is wrong.
    """
    top = parse(text, file)
    top.only("version", "details", "terms", "criteria", "caps", "kinds")
    values = _VALUE | {str(name) for name in top.section("details").names()}
    terms = top.section("terms")
    criteria = top.section("criteria")
    criteria.only(*(criterion.value for criterion in Criterion))
    kinds = top.section("kinds")
    read = {str(name): _kind(kinds.section(name), str(name), values) for name in kinds.names()}
    caps = top.section("caps")
    caps.only(*(reason.value for reason in CapReason))
    topics = frozenset(kind.topic for kind in read.values())
    return FeedbackRules(
        version=top.text("version"),
        terms=MappingProxyType({str(name): terms.text(name) for name in terms.names()}),
        criteria=MappingProxyType(
            {Criterion(name): _general(criteria.section(name)) for name in criteria.names()}
        ),
        caps=MappingProxyType(
            {CapReason(name): _cap(caps.section(name), topics) for name in caps.names()}
        ),
        kinds=MappingProxyType(read),
    )


def _general(section: Section) -> Mapping[Side, Texts]:
    section.only(*(side.value for side in Side))
    return {side: _texts(section, side, _NOTHING) for side in Side}


def _cap(section: Section, topics: frozenset[str]) -> CapTexts:
    section.only("criterion", "topic", "shows", "doubts", "advice")
    doubts = frozenset(section.names_of("doubts"))
    if not doubts <= topics:
        raise section.wrong(f"no kind has the topic {sorted(doubts - topics)[0]!r}")
    return CapTexts(
        criterion=section.one_of("criterion", Criterion),
        topic=section.text("topic"),
        advice=_texts(section, Side.ADVICE, _VALUE),
        shows=section.names_of("shows"),
        doubts=doubts,
    )


def _kind(section: Section, name: str, values: frozenset[str]) -> KindTexts:
    section.only("topic", "strength", "advice", "quotes", "cases")
    cases = section.sections("cases", "detail") if section.has("cases") else ()
    return KindTexts(
        topic=section.text("topic") if section.has("topic") else name,
        texts={side: _texts(section, side, values) for side in Side},
        quotes=section.one_of("quotes", Side) if section.has("quotes") else None,
        cases=tuple(_case(case, values) for case in cases),
    )


def _case(section: Section, values: frozenset[str]) -> Case:
    section.only("below", "above", "detail", "starts", "strength", "advice")
    if not any(section.has(key) for key in ("below", "above", "detail")):
        raise section.wrong("give below, above or detail")
    if section.has("detail") != section.has("starts"):
        raise section.wrong("detail and starts go together")
    detail = section.text("detail") if section.has("detail") else ""
    if detail and detail not in values:
        raise section.wrong(f"the detail {detail!r} is not listed under details")
    texts = {side: _texts(section, side, values) for side in Side if section.has(side.value)}
    if not texts:
        raise section.wrong("give strength, advice or both")
    return Case(
        below=section.number("below") if section.has("below") else None,
        above=section.number("above") if section.has("above") else None,
        detail=detail,
        starts=section.text("starts") if detail else "",
        texts=texts,
    )


def _texts(section: Section, side: Side, values: frozenset[str]) -> Texts:
    """The text of one side in every language, naming none but ``values``."""
    given = section.section(side.value)
    given.only(*(language.value for language in FeedbackLanguage))
    texts = {language: given.text(language.value) for language in FeedbackLanguage}
    for language, text in texts.items():
        try:
            unknown = sorted(names_in(text) - values)
        except ValueError as error:
            raise given.wrong(f"{language.value} is no template: {error}") from None
        if unknown:
            raise given.wrong(f"{language.value} names the unlisted value {unknown[0]!r}")
    return texts
