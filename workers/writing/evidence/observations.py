"""A model's evidence as observations: counted and checked here, weighed by the rubric alone."""

from collections.abc import Iterable, Sequence

from grading.domain.criterion import Quote
from grading.domain.work import WritingTask
from grading.rubric.observation import QUOTES_SHOWN, Observation
from workers.writing.evidence.form import ErrorSeen, EvidenceForm, IdeaSeen
from workers.writing.evidence.passages import Passages
from workers.writing.own_text import OwnText

#: The kind of the observation that tells how many quotes were dropped.
QUOTES_NOT_FOUND = "quotes_not_found"

_MET = {"fully": 1.0, "partly": 0.5, "not": 0.0}
_ANSWERED = {"yes": 1.0, "partly": 0.5, "no": 0.0}
_HELD = {"throughout": 3.0, "mostly": 2.0, "unclear": 1.0, "none": 0.0}
_DEVELOPED = {"developed": 2.0, "supported": 1.0, "named": 0.0}
_FIT = {"suits": 2.0, "slips": 1.0, "unsuited": 0.0}
_SENSE = {"clear": 2.0, "strained": 1.0, "none": 0.0}

#: How many ideas, moves and phrases are counted at most: a model that pads its lists
#: gains nothing by it.
_MOST_IDEAS, _MOST_MOVES, _MOST_PHRASES, _MOST_ERRORS = 8, 12, 12, 60
#: Errors that speak of the vocabulary; the others speak of the grammar.
_OF_WORDS = frozenset({"spelling", "word_form", "word_choice"})


def observe_evidence(form: EvidenceForm, own: OwnText) -> tuple[Observation, ...]:
    """What ``form`` says of an answer, as far as quotes that stand in it bear it out.

    What speaks for the writer counts only with its quote. What speaks against needs none
    where it tells of something missing.
    """
    passages = Passages(own)
    observations = [
        *_task(form, own, passages),
        *_ideas(form.ideas[:_MOST_IDEAS], passages),
        _moves(form, passages),
        _register(form, passages),
        _apt_phrases(form, own, passages),
        _structures(form, passages),
        *_errors(form.errors[:_MOST_ERRORS], own, passages),
        Observation("sense", _SENSE[form.sense]),
    ]
    share = passages.dropped_share
    counted = {"count": passages.dropped, "percent": 100.0 * share}
    return (*observations, Observation(QUOTES_NOT_FOUND, share, details=counted))


def passages_to_grader(form: EvidenceForm, own: OwnText) -> tuple[Quote, ...]:
    """Where the model saw the answer speak to the grader; only what stands there."""
    passages = Passages(own)
    return _quotes(passages.find(quoted) for quoted in form.speaks_to_grader)


def _task(form: EvidenceForm, own: OwnText, passages: Passages) -> Iterable[Observation]:
    met: list[float] = []
    shown: list[Quote] = []
    weakest = "none"
    asked = own.prompt.requirements
    by_number = {item.number: item for item in form.requirements}
    for number, text in enumerate(asked, start=1):
        item = by_number.get(number)
        quote = passages.find(item.quote) if item is not None and item.quote else None
        share = _MET[item.met] if item is not None and quote is not None else 0.0
        if quote is not None and share:
            shown.append(quote)
        if not met or share < min(met):
            weakest = text
        met.append(share)
    answered = _ANSWERED[form.answers_task]
    if met:
        share = sum(met) / len(met)
        yield Observation(
            "requirements_met",
            share,
            _quotes(shown),
            {"asked": len(met), "percent": 100.0 * share, "weakest": weakest},
        )
        answered = (answered + share) / 2
    yield Observation("task_answered", answered, details={"percent": 100.0 * answered})
    if own.task is WritingTask.ESSAY:
        quote = passages.find(form.position.quote) if form.position.quote else None
        held = _HELD[form.position.held] if quote is not None else 0.0
        yield Observation("position_held", held, _quotes([quote]))


def _ideas(ideas: Sequence[IdeaSeen], passages: Passages) -> Iterable[Observation]:
    steps: list[float] = []
    shown: list[Quote] = []
    for idea in ideas:
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
    yield Observation("idea_development", mean, _quotes(shown), counted)
    yield Observation("developed_ideas", float(developed), details=counted)


def _moves(form: EvidenceForm, passages: Passages) -> Observation:
    found = [(item.move, passages.find(item.quote)) for item in form.moves[:_MOST_MOVES]]
    kinds = list(dict.fromkeys(move for move, quote in found if quote is not None))
    names = ", ".join(kind.replace("_", " ") for kind in kinds[:5]) or "none"
    return Observation(
        "organization_moves",
        float(len(kinds)),
        _quotes(quote for _, quote in found),
        {"count": len(kinds), "names": names},
    )


def _register(form: EvidenceForm, passages: Passages) -> Observation:
    slips = [passages.find(quoted) for quoted in form.register_.slips]
    return Observation(
        "register_fit",
        _FIT[form.register_.fit],
        _quotes(slips),
        {"count": sum(1 for slip in slips if slip is not None)},
    )


def _apt_phrases(form: EvidenceForm, own: OwnText, passages: Passages) -> Observation:
    found = [passages.find(quoted) for quoted in form.apt_phrases[:_MOST_PHRASES]]
    distinct = {quote.text.lower(): quote for quote in found if quote is not None}
    return Observation(
        "apt_phrases",
        own.per_hundred(len(distinct)),
        _quotes(distinct.values()),
        {"count": len(distinct)},
    )


def _structures(form: EvidenceForm, passages: Passages) -> Observation:
    found = [(item.structure, passages.find(item.quote)) for item in form.structures]
    kinds = list(dict.fromkeys(kind for kind, quote in found if quote is not None))
    return Observation(
        "structures_formed",
        float(len(kinds)),
        _quotes(quote for _, quote in found),
        {
            "kinds": len(kinds),
            "names": ", ".join(f"{kind.replace('_', ' ')}s" for kind in kinds[:4]) or "none",
        },
    )


def _errors(errors: Sequence[ErrorSeen], own: OwnText, passages: Passages) -> Iterable[Observation]:
    placed: dict[tuple[int, int], tuple[ErrorSeen, Quote]] = {}
    for error in errors:
        quote = passages.find(error.quote)
        # A correction that changes nothing, or a place noted twice, is one error less.
        if quote is not None and error.correction != quote.text.strip():
            placed.setdefault((quote.start, quote.end), (error, quote))
    of_words = [entry for entry in placed.values() if entry[0].kind in _OF_WORDS]
    of_grammar = [entry for entry in placed.values() if entry[0].kind not in _OF_WORDS]
    blocking = [entry for entry in placed.values() if entry[0].blocks_meaning]
    yield _error_rate("word_errors_seen", of_words, own)
    yield _error_rate("grammar_errors_seen", of_grammar, own)
    yield _error_rate("blocking_errors", blocking, own)


def _error_rate(kind: str, entries: Sequence[tuple[ErrorSeen, Quote]], own: OwnText) -> Observation:
    names = [error.kind.replace("_", " ") for error, _ in entries]
    most = sorted(dict.fromkeys(names), key=lambda name: -names.count(name))[:3]
    shown = "; ".join(f"“{quote.text}” → “{error.correction}”" for error, quote in entries)
    return Observation(
        kind,
        own.per_hundred(len(entries)),
        _quotes(quote for _, quote in entries),
        {"count": len(entries), "what": ", ".join(most) or "none", "corrected": shown[:_SHOWN]},
    )


#: Characters of corrections that a message may hold.
_SHOWN = 400


def _quotes(found: Iterable[Quote | None]) -> tuple[Quote, ...]:
    return tuple(quote for quote in found if quote is not None)[:QUOTES_SHOWN]
