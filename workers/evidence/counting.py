"""What a model's evidence comes to, counted and checked here and weighed by the rubric alone.

What speaks for the learner counts only with its quote. What speaks against needs none where
it tells of something missing.
"""

from collections.abc import Iterable, Mapping, Sequence, Set

from grading.domain.criterion import Quote
from grading.rubric.observation import QUOTES_SHOWN, Observation
from workers.evidence.parts import ErrorSeen, IdeaSeen, MoveSeen, RequirementSeen, StructureSeen
from workers.evidence.passages import Passages
from workers.writing.own_text import OwnText

#: The kind of the observation that tells how many quotes were dropped.
QUOTES_NOT_FOUND = "quotes_not_found"

_MET = {"fully": 1.0, "partly": 0.5, "not": 0.0}
_ANSWERED = {"yes": 1.0, "partly": 0.5, "no": 0.0}
_DEVELOPED = {"developed": 2.0, "supported": 1.0, "named": 0.0}

#: How many ideas, moves, phrases and errors are counted at most: a model that pads its lists
#: gains nothing by it.
_MOST_IDEAS, _MOST_MOVES, _MOST_PHRASES, _MOST_ERRORS = 8, 12, 12, 60
#: Characters of corrections that a message may hold.
_SHOWN = 400

#: An error, and where it stands.
PlacedError = tuple[ErrorSeen, Quote]


def quotes_shown(found: Iterable[Quote | None]) -> tuple[Quote, ...]:
    """The first of the places that were found."""
    return tuple(quote for quote in found if quote is not None)[:QUOTES_SHOWN]


def observe_task(
    answers_task: str,
    requirements: Sequence[RequirementSeen],
    asked: Sequence[str],
    passages: Passages,
) -> Iterable[Observation]:
    """How far the answer does what the task and each of its requirements ask."""
    met: list[float] = []
    shown: list[Quote] = []
    weakest = "none"
    by_number = {item.number: item for item in requirements}
    for number, text in enumerate(asked, start=1):
        item = by_number.get(number)
        quote = passages.find(item.quote) if item is not None and item.quote else None
        share = _MET[item.met] if item is not None and quote is not None else 0.0
        if quote is not None and share:
            shown.append(quote)
        if not met or share < min(met):
            weakest = text
        met.append(share)
    answered = _ANSWERED[answers_task]
    if met:
        share = sum(met) / len(met)
        yield Observation(
            "requirements_met",
            share,
            quotes_shown(shown),
            {"asked": len(met), "percent": 100.0 * share, "weakest": weakest},
        )
        answered = (answered + share) / 2
    yield Observation("task_answered", answered, details={"percent": 100.0 * answered})


def observe_degree(
    kind: str, degrees: Mapping[str, float], seen: str, quoted: str, passages: Passages
) -> Observation:
    """Something of which the answer shows the degree that was ``seen`` at one place."""
    quote = passages.find(quoted) if quoted else None
    return Observation(kind, degrees[seen] if quote is not None else 0.0, quotes_shown([quote]))


def observe_ideas(ideas: Sequence[IdeaSeen], passages: Passages) -> Iterable[Observation]:
    """How far ideas are carried."""
    steps: list[float] = []
    shown: list[Quote] = []
    for idea in ideas[:_MOST_IDEAS]:
        quote = passages.find(idea.quote)
        if quote is None:
            continue
        support = passages.find(idea.support) if idea.support else None
        # Support that nobody can see is none.
        steps.append(_DEVELOPED[idea.development] if support is not None else 0.0)
        shown += [quote] if support is None else [quote, support]
    mean = sum(steps) / len(steps) if steps else 0.0
    developed = sum(1 for step in steps if step == _DEVELOPED["developed"])
    counted = {"count": len(steps), "developed": developed}
    yield Observation("idea_development", mean, quotes_shown(shown), counted)
    yield Observation("developed_ideas", float(developed), details=counted)


def observe_moves(moves: Sequence[MoveSeen], passages: Passages) -> Observation:
    """The kinds of steps by which the answer is organized."""
    found = [(item.move, passages.find(item.quote)) for item in moves[:_MOST_MOVES]]
    kinds = list(dict.fromkeys(move for move, quote in found if quote is not None))
    names = ", ".join(kind.replace("_", " ") for kind in kinds[:5]) or "none"
    return Observation(
        "organization_moves",
        float(len(kinds)),
        quotes_shown(quote for _, quote in found),
        {"count": len(kinds), "names": names},
    )


def observe_phrases(phrases: Sequence[str], own: OwnText, passages: Passages) -> Observation:
    """Apt phrases, each counted once."""
    found = [passages.find(quoted) for quoted in phrases[:_MOST_PHRASES]]
    distinct = {quote.text.lower(): quote for quote in found if quote is not None}
    return Observation(
        "apt_phrases",
        own.per_hundred(len(distinct)),
        quotes_shown(distinct.values()),
        {"count": len(distinct)},
    )


def observe_structures(structures: Sequence[StructureSeen], passages: Passages) -> Observation:
    """The kinds of complex structures that are formed without error."""
    found = [(item.structure, passages.find(item.quote)) for item in structures]
    kinds = list(dict.fromkeys(kind for kind, quote in found if quote is not None))
    return Observation(
        "structures_formed",
        float(len(kinds)),
        quotes_shown(quote for _, quote in found),
        {
            "kinds": len(kinds),
            "names": ", ".join(f"{kind.replace('_', ' ')}s" for kind in kinds[:4]) or "none",
        },
    )


def place_errors(errors: Sequence[ErrorSeen], passages: Passages) -> list[PlacedError]:
    """The errors that stand in the answer, and where."""
    placed: dict[tuple[int, int], PlacedError] = {}
    for error in errors[:_MOST_ERRORS]:
        quote = passages.find(error.quote)
        # A correction that changes nothing, or a place noted twice, is one error less.
        if quote is not None and error.correction != quote.text.strip():
            placed.setdefault((quote.start, quote.end), (error, quote))
    return list(placed.values())


def observe_errors(
    placed: Sequence[PlacedError], of_words: Set[str], own: OwnText
) -> Iterable[Observation]:
    """Errors whose kind is one ``of_words``, all others, and those that block the meaning."""
    words = [entry for entry in placed if entry[0].kind in of_words]
    grammar = [entry for entry in placed if entry[0].kind not in of_words]
    blocking = [entry for entry in placed if entry[0].blocks_meaning]
    yield _error_rate("word_errors_seen", words, own)
    yield _error_rate("grammar_errors_seen", grammar, own)
    yield _error_rate("blocking_errors", blocking, own)


def observe_dropped(passages: Passages) -> Observation:
    """Which share of the quotes does not stand in the answer, once all were looked for."""
    share = passages.dropped_share
    counted = {"count": passages.dropped, "percent": 100.0 * share}
    return Observation(QUOTES_NOT_FOUND, share, details=counted)


def _error_rate(kind: str, entries: Sequence[PlacedError], own: OwnText) -> Observation:
    names = [error.kind.replace("_", " ") for error, _ in entries]
    most = sorted(dict.fromkeys(names), key=lambda name: -names.count(name))[:3]
    shown = "; ".join(f"“{quote.text}” → “{error.correction}”" for error, quote in entries)
    return Observation(
        kind,
        own.per_hundred(len(entries)),
        quotes_shown(quote for _, quote in entries),
        {"count": len(entries), "what": ", ".join(most) or "none", "corrected": shown[:_SHOWN]},
    )
