"""A model's evidence on a written answer as observations."""

from grading.domain.work import WritingTask
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
from workers.writing.evidence.form import EvidenceForm, RegisterSeen
from workers.writing.own_text import OwnText

_HELD = {"throughout": 3.0, "mostly": 2.0, "unclear": 1.0, "none": 0.0}
_FIT = {"suits": 2.0, "slips": 1.0, "unsuited": 0.0}
_SENSE = {"clear": 2.0, "strained": 1.0, "none": 0.0}

#: Errors that speak of the vocabulary; the others speak of the grammar.
_OF_WORDS = frozenset({"spelling", "word_form", "word_choice"})


def observe_evidence(form: EvidenceForm, own: OwnText) -> tuple[Observation, ...]:
    """What ``form`` says of an answer, as far as quotes that stand in it bear it out."""
    passages = Passages(own)
    seen = [*observe_task(form.answers_task, form.requirements, own.prompt.requirements, passages)]
    if own.task is WritingTask.ESSAY:
        position = form.position
        seen.append(observe_degree("position_held", _HELD, position.held, position.quote, passages))
    seen += [
        *observe_ideas(form.ideas, passages),
        observe_moves(form.moves, passages),
        _register(form.register_, passages),
        observe_phrases(form.apt_phrases, own, passages),
        observe_structures(form.structures, passages),
        *observe_errors(place_errors(form.errors, passages), _OF_WORDS, own),
        Observation("sense", _SENSE[form.sense]),
    ]
    return (*seen, observe_dropped(passages))


def _register(register: RegisterSeen, passages: Passages) -> Observation:
    slips = [passages.find(quoted) for quoted in register.slips]
    return Observation(
        "register_fit",
        _FIT[register.fit],
        quotes_shown(slips),
        {"count": sum(1 for slip in slips if slip is not None)},
    )
