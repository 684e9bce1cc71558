"""What was said in a recording, as a recogniser heard it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word and when it was said, in seconds of the recording as submitted."""

    #: As written by the recogniser, with its punctuation and without white space.
    text: str
    start: float
    end: float
    #: How sure the recogniser was of it, 0 to 1.
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words of a recording in the order they were said."""

    words: tuple[SpokenWord, ...]
    #: The language that was heard; its code of ISO 639-1.
    language: str
    #: How sure the recogniser was of the language, 0 to 1; None where it does not tell.
    language_confidence: float | None
    #: What recognised it, as ``name version``.
    engine: str

    @property
    def text(self) -> str:
        """The words with one space between them."""
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float | None:
        """Mean confidence of the words; None where there are none."""
        if not self.words:
            return None
        return sum(word.confidence for word in self.words) / len(self.words)
