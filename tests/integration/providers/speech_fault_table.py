"""Every way in which a provider of transcriptions fails, and what the service must make of it."""

from dataclasses import replace
from typing import Any

from tests.integration.providers.job_desk import SAID
from tests.integration.providers.speech_desk import HEARD
from tests.integration.providers.wire_faults import WIRE_FAULTS, FaultCase, always
from tests.stack.provider.broken import not_json, other_json
from tests.stack.provider.transcriptions import Transcribed, Word
from workers.providers import faults

#: JSON that is no transcription.
_SHAPES: tuple[Any, ...] = (
    None,
    17,
    SAID,
    [SAID],
    {},
    {"text": None},
    {"text": 17},
    {"text": [SAID]},
    {"error": {"message": SAID}},
)
_LATE = tuple(Word(word.word, word.start + 60, word.end + 60) for word in HEARD.words)

SPEECH_FAULTS = (
    *WIRE_FAULTS,
    # What is no transcription at all.
    *(
        FaultCase(f"JSON: {shape}", faults.ResponseMalformed, always(other_json(shape)))
        for shape in _SHAPES
    ),
    FaultCase(
        "half a sign", faults.ResponseMalformed, always(not_json(b'{"text": "wombats \\ud800"}'))
    ),
    FaultCase(
        "without end",
        faults.ResponseMalformed,
        always(not_json(b'{"text": "' + b"wombats " * 1_200_000 + b'"}')),
    ),
    FaultCase("nothing heard", faults.ResponseMalformed, always(Transcribed("", (), ()))),
    # What can't be read as one.
    FaultCase("text alone", faults.AnswerBreaksSchema, always(HEARD.but("words", "segments"))),
    FaultCase("no words", faults.AnswerBreaksSchema, always(HEARD.but(words=[]))),
    FaultCase("no times", faults.AnswerBreaksSchema, always(HEARD.but(words=[{"word": SAID}]))),
    FaultCase(
        "times in words",
        faults.AnswerBreaksSchema,
        always(HEARD.but(words=[{"word": SAID, "start": "soon", "end": "later"}])),
    ),
    FaultCase("no confidence", faults.AnswerBreaksSchema, always(HEARD.but("segments"))),
    FaultCase("no language", faults.AnswerBreaksSchema, always(HEARD.but("language"))),
    FaultCase(
        "an unheard-of language",
        faults.AnswerBreaksSchema,
        always(replace(HEARD, language=SAID)),
    ),
    FaultCase("NUL", faults.AnswerBreaksSchema, always(HEARD.but(text=f"{SAID}\0"))),
    FaultCase(
        "a word without end",
        faults.AnswerBreaksSchema,
        always(HEARD.but(words=[{"word": SAID * 100, "start": 1.0, "end": 2.0}])),
    ),
    # What nobody can have said.
    FaultCase("words after the end", faults.AnswerUnfounded, always(replace(HEARD, words=_LATE))),
    FaultCase(
        "words without end",
        faults.AnswerUnfounded,
        always(Transcribed.of(f"{SAID} " * 2000, each=0.02)),
    ),
)

RETRYABLE = tuple(case for case in SPEECH_FAULTS if case.fault.retryable)
FINAL = tuple(case for case in SPEECH_FAULTS if not case.fault.retryable)
