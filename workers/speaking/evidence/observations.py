"""A model's evidence on a spoken answer as observations, with moments in the place of quotes."""

from collections.abc import Iterable, Sequence

from grading.domain.work import SpeakingPart
from grading.rubric.observation import Observation
from workers.evidence.counting import (
    observe_degree,
    observe_dropped,
    observe_errors,
    observe_ideas,
    observe_moves,
    observe_phrases,
    observe_structures,
    observe_task,
    place_errors,
    quotes_shown,
)
from workers.evidence.passages import Passages
from workers.speaking.evidence.form import SpokenEvidenceForm, StanceSeen
from workers.speaking.evidence.spoken_text import SpokenText

_HELD = {"throughout": 3.0, "mostly": 2.0, "unclear": 1.0, "none": 0.0}
_COHERENCE = {"clear": 2.0, "strained": 1.0, "none": 0.0}

#: Errors that speak of the vocabulary; the others speak of the grammar.
_OF_WORDS = frozenset({"word_form", "word_choice"})
#: How many reasons are counted at most, of each sort.
_MOST_REASONS = 6


def observe_spoken_evidence(
    form: SpokenEvidenceForm, spoken: SpokenText
) -> tuple[Observation, ...]:
    """What ``form`` says of an answer, as far as words that were recognised bear it out."""
    own = spoken.own
    passages = Passages(own)
    seen = [*observe_task(form.answers_task, form.requirements, own.prompt.requirements, passages)]
    if spoken.part is not SpeakingPart.SOCIAL_INTERACTION:
        seen += _stance(form.stance, spoken.part, passages)
    seen += [
        *observe_ideas(form.ideas, passages),
        observe_moves(form.moves, passages),
        observe_phrases(form.apt_phrases, own, passages),
        observe_structures(form.structures, passages),
    ]
    placed = place_errors(form.errors, passages)
    # A wrong word that may never have been said is no error of the speaker's.
    heard = [(error, quote) for error, quote in placed if spoken.is_surely(quote)]
    seen += [
        *observe_errors(heard, _OF_WORDS, own),
        Observation("coherence", _COHERENCE[form.coherence]),
        observe_dropped(passages),
    ]
    return tuple(spoken.speech.with_moments(item) for item in seen)


def _stance(stance: StanceSeen, part: SpeakingPart, passages: Passages) -> Iterable[Observation]:
    yield observe_degree("position_held", _HELD, stance.held, stance.quote, passages)
    yield _reasons("reasons_given", stance.reasons, passages)
    if part is SpeakingPart.SOLUTION_DISCUSSION:
        yield _reasons("options_ruled_out", stance.against_others, passages)


def _reasons(kind: str, reasons: Sequence[str], passages: Passages) -> Observation:
    found = [passages.find(quoted) for quoted in reasons[:_MOST_REASONS]]
    places = {(quote.start, quote.end): quote for quote in found if quote is not None}
    return Observation(
        kind, float(len(places)), quotes_shown(places.values()), {"count": len(places)}
    )
