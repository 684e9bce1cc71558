"""Words, grammar and content of a spoken answer, measured on its transcript.

What punctuation, capitals and spelling tell of a writer is left out: here they are the
recogniser's. So are signs of no sense, which its mistakes look like.
"""

from grading.domain.work import SpeakingWork, WritingTask, WritingWork
from grading.rubric.observation import Observation
from workers.speaking.speech_text import SpeechText
from workers.writing.answer import Answer, read_answer
from workers.writing.cohesion import observe_cohesion
from workers.writing.development import observe_length, observe_particulars
from workers.writing.grammar import observe_accuracy
from workers.writing.integrity import observe_integrity
from workers.writing.lexis import observe_lexis
from workers.writing.models import Models
from workers.writing.own_text import OwnText, read_own_text
from workers.writing.sentence_slips import tokens_of
from workers.writing.spelling import lint
from workers.writing.structures import observe_structures
from workers.writing.templates import observe_templates
from workers.writing.topic import embed_pieces, observe_topic

#: Kinds that a transcript tells as a text does.
_TOLD = frozenset(
    """grammar_errors verb_errors word_use_errors word_choice_errors error_free_clauses
    clause_length verb_form_range structure_range subordination
    word_frequency advanced_words uncommon_words lexical_diversity lexical_density
    distinct_ideas
    linking_variety linking_range linking_repetition sentence_links
    relevance relevance_to_title requirements_covered support particulars
    word_count english_word_count
    copied_share prompt_words repeated_share template_share foreign_share
    instructions_to_grader""".split()
)


def own_words(text: SpeechText, work: SpeakingWork) -> OwnText:
    """The speaker's own words, as those of a written answer to the same prompt."""
    # As an essay: a letter would be asked for its greeting.
    essay = WritingWork(WritingTask.ESSAY, text.text, work.prompt)
    return read_own_text(essay, is_spoken=True)


def read_transcript(text: SpeechText, work: SpeakingWork, models: Models) -> Answer:
    """The same, parsed."""
    return read_answer(own_words(text, work), models)


def observe_wording(answer: Answer, text: SpeechText, models: Models) -> list[Observation]:
    """What the words of ``answer`` tell, with moments in the place of quotes."""
    tokens = tokens_of(answer)
    vectors = embed_pieces(answer, models.embedder)
    observed = [
        *observe_accuracy(answer, tokens, lint(answer, models), (), models, is_spoken=True),
        *observe_structures(answer, tokens),
        *observe_lexis(answer, models.lexicon, frozenset()),
        *observe_cohesion(answer, vectors),
        *observe_topic(answer, vectors, models.embedder),
        *observe_length(answer),
        *observe_particulars(answer),
        *observe_templates(answer),
        *observe_integrity(answer, models.lexicon.zipf),
    ]
    return [text.with_moments(item) for item in observed if item.kind in _TOLD]
