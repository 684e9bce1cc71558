"""Transcriptions of a provider that works."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from tests.stack.provider.answers import Reply
from tests.stack.provider.exchange import Exchange

#: What was heard in the recording of the demo, as OpenAI tells it.
HEARD = Path(__file__).parents[2] / "cases" / "speech" / "synthetic-answer.transcription.json"


@dataclass(frozen=True)
class Word:
    """A word with its times, in seconds; OpenAI tells it without its punctuation."""

    word: str
    start: float
    end: float

    def document(self) -> dict[str, Any]:
        """The word as the API gives it."""
        return {"word": self.word, "start": self.start, "end": self.end}


@dataclass(frozen=True)
class Segment:
    """A sentence or two, and how sure the model was of its tokens."""

    text: str
    start: float
    end: float
    avg_logprob: float = -0.2
    no_speech_prob: float = 0.01

    def document(self, number: int) -> dict[str, Any]:
        """The segment as the API gives it."""
        return {
            "id": number,
            "seek": 0,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "tokens": [50364, 50365],
            "temperature": 0.0,
            "avg_logprob": self.avg_logprob,
            "compression_ratio": 1.6,
            "no_speech_prob": self.no_speech_prob,
        }


@dataclass(frozen=True)
class Transcribed:
    """A transcription in the format ``verbose_json``."""

    text: str
    words: tuple[Word, ...]
    segments: tuple[Segment, ...]
    language: str = "english"
    duration: float = 60.0
    #: What is billed, in seconds; None leaves the field away, as servers of one's own do.
    billed: float | None = None
    #: Fields in the place of, or beside, those above.
    changes: dict[str, Any] = field(default_factory=dict)
    #: Fields that are left away.
    without: tuple[str, ...] = ()
    #: How long the client waits for it, in seconds.
    delay: float = 0.0

    @classmethod
    def of(cls, text: str, start: float = 0.5, each: float = 0.4, **more: Any) -> Self:
        """``text`` said at a steady pace, in one segment."""
        said = text.split()
        words = tuple(
            Word(
                word.strip('.,!?"'), round(start + at * each, 2), round(start + at * each + 0.3, 2)
            )
            for at, word in enumerate(said)
        )
        end = words[-1].end if words else start
        segments = (Segment(f" {text}", start, end),) if words else ()
        return cls(text, words, segments, **more)

    def play(self, exchange: Exchange) -> None:
        """Send it."""
        Reply(200, json.dumps(self.document()).encode(), delay=self.delay).play(exchange)

    def document(self) -> dict[str, Any]:
        """The transcription as the API gives it."""
        document: dict[str, Any] = {
            "task": "transcribe",
            "language": self.language,
            "duration": self.duration,
            "text": self.text,
            "segments": [item.document(at) for at, item in enumerate(self.segments)],
            "words": [word.document() for word in self.words],
        }
        if self.billed is not None:
            document["usage"] = {"type": "duration", "seconds": self.billed}
        return {
            name: value
            for name, value in {**document, **self.changes}.items()
            if name not in self.without
        }

    def but(self, *without: str, **changes: Any) -> Self:
        """The same without some fields of the document, and with others changed."""
        return replace(self, without=without, changes=changes)


def heard() -> Reply:
    """What a provider tells of the demo's recording."""
    return Reply(200, HEARD.read_bytes())
