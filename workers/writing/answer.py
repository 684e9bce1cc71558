"""An answer made ready to be measured."""

from dataclasses import dataclass, fields
from typing import Any, Protocol

from workers.writing.language import LanguageOfWords
from workers.writing.own_text import OwnText


class ReadingTools(Protocol):
    """What reading an answer takes."""

    @property
    def parser(self) -> Any:
        """Makes a parse of a text."""

    @property
    def language(self) -> LanguageOfWords:
        """Tells which words are English."""


@dataclass(frozen=True, slots=True)
class Answer(OwnText):
    """The writer's own text with what language tools say of it."""

    #: For each word, whether it is English.
    english: tuple[bool, ...]
    #: spaCy's parse of the text; empty where nothing was parsed.
    parse: Any

    @property
    def english_share(self) -> float:
        """Share of the measured words that are English; 1 where there are no words."""
        return sum(self.english) / len(self.english) if self.english else 1.0


def read_answer(own: OwnText, tools: ReadingTools) -> Answer:
    """Tell the languages of the words, and parse the text."""
    return Answer(
        **{field.name: getattr(own, field.name) for field in fields(own)},
        english=tools.language.english(own.words),
        parse=tools.parser(own.text),
    )
