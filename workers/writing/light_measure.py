"""What can be measured without the parser and the other large models.

Enough for the rules that hold whatever a model says: words, format, copying, repetition,
other languages, words to the grader.
"""

from importlib.metadata import version
from typing import Any

from grading.rubric.observation import Observation
from workers.writing.answer import read_answer
from workers.writing.development import observe_length
from workers.writing.integrity import observe_integrity
from workers.writing.language import LanguageOfWords
from workers.writing.own_text import OwnText
from workers.writing.shape import observe_shape
from workers.writing.templates import observe_templates

#: Changes whenever something is added here or measured differently.
LIGHT_VERSION = "light-1.0"


class LightTools:
    """The frequencies of words, and no parser."""

    def __init__(self) -> None:
        from wordfreq import zipf_frequency

        self._frequency = zipf_frequency
        self.versions = (f"wordfreq {version('wordfreq')}",)
        self.language = LanguageOfWords(zipf_frequency)

    def parser(self, text: str) -> tuple[Any, ...]:
        """No parse."""
        del text
        return ()

    def zipf(self, form: str) -> float:
        """Log10 of the word's uses in a billion words of English; 0 when unknown."""
        return float(self._frequency(form, "en"))


def measure_lightly(own: OwnText, tools: LightTools) -> tuple[Observation, ...]:
    """Observe an answer."""
    answer = read_answer(own, tools)
    return (
        *observe_length(answer),
        *observe_shape(answer),
        *observe_templates(answer),
        *observe_integrity(answer, tools.zipf),
    )
