"""All that is measured in one answer."""

from collections.abc import Callable

from grading.domain.work import WritingWork
from grading.rubric.observation import Observation
from workers.writing.answer import read_answer
from workers.writing.cohesion import observe_cohesion
from workers.writing.development import observe_length, observe_particulars
from workers.writing.grammar import observe_accuracy
from workers.writing.integrity import observe_integrity
from workers.writing.lexis import observe_lexis
from workers.writing.models import Models
from workers.writing.own_text import read_own_text
from workers.writing.sentence_slips import tokens_of
from workers.writing.shape import observe_shape
from workers.writing.spelling import lint, misspellings
from workers.writing.structures import observe_structures
from workers.writing.templates import observe_templates
from workers.writing.topic import embed_pieces, observe_topic
from workers.writing.word_order import observe_word_order

#: Changes whenever a feature is added or measured differently.
FEATURE_VERSION = "2.0"

Step = Callable[[float, str], None]


def measure(work: WritingWork, models: Models, step: Step) -> tuple[Observation, ...]:
    """Observe ``work``; ``step`` hears the share done, 0 to 1, and what comes next."""
    step(0.0, "Reading the answer")
    answer = read_answer(read_own_text(work), models)
    step(0.35, "Checking grammar and spelling")
    tokens = tokens_of(answer)
    lints = lint(answer, models)
    spelt = misspellings(answer, lints, models)
    accuracy = observe_accuracy(answer, tokens, lints, spelt, models)
    misspelt = frozenset(item.start for item in spelt)
    step(0.6, "Comparing the answer with the task")
    vectors = embed_pieces(answer, models.embedder)
    topic = observe_topic(answer, vectors, models.embedder)
    step(0.9, "Looking at words and structure")
    return (
        *accuracy,
        *topic,
        *observe_structures(answer, tokens),
        *observe_word_order(answer),
        *observe_lexis(answer, models.lexicon, misspelt),
        *observe_cohesion(answer, vectors),
        *observe_length(answer),
        *observe_particulars(answer),
        *observe_shape(answer),
        *observe_templates(answer),
        *observe_integrity(answer, models.lexicon.zipf),
    )
