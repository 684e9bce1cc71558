"""What a provider tells, read as a transcript: words with times, or a fault that says why not."""

import json
from dataclasses import replace
from typing import Any

import pytest

from grading.domain.transcript import Transcript
from tests.stack.provider.transcriptions import HEARD, Segment, Transcribed, Word
from workers.providers.faults import (
    AnswerBreaksSchema,
    AnswerUnfounded,
    ProviderFault,
    ResponseMalformed,
)
from workers.speaking.told_transcript import reader_of
from workers.speaking.voice import Interval, Voice

SECONDS = 60.0
ALWAYS = Voice((Interval(0.0, SECONDS),))
CITY = Transcribed.of("I like my city. It is large.")


def read(told: Transcribed | str, voice: Voice = ALWAYS, seconds: float = SECONDS) -> Transcript:
    content = told if isinstance(told, str) else json.dumps(told.document())
    return reader_of(seconds, voice, "whisper-1 host")(content)


def test_words_get_their_signs_times_and_confidence() -> None:
    transcript = read(CITY)
    assert transcript.text == "I like my city. It is large."
    assert (transcript.language, transcript.language_confidence) == ("en", None)
    assert transcript.engine == "whisper-1 host"
    first, *_, last = transcript.words
    assert (first.text, first.start, first.end) == ("I", 0.5, 0.8)
    assert (last.text, last.start, last.end) == ("large.", 2.9, 3.2)
    # e to the power of the segment's mean logarithm, which is -0.2.
    assert {word.confidence for word in transcript.words} == {0.8187}


def test_each_word_is_as_sure_as_its_segment() -> None:
    told = replace(
        CITY,
        segments=(
            Segment(" I like my city.", 0.5, 2.0, avg_logprob=-0.1),
            Segment(" It is large.", 2.1, 3.2, avg_logprob=-1.2),
        ),
    )
    assert [word.confidence for word in read(told).words] == [0.9048] * 4 + [0.3012] * 3


def test_where_words_have_a_probability_it_is_theirs() -> None:
    words = [
        {**word.document(), "probability": 0.5 + at / 10} for at, word in enumerate(CITY.words[:3])
    ]
    told = CITY.but("segments", words=words)
    assert [word.confidence for word in read(told).words] == [0.5, 0.6, 0.7]


def test_words_may_stand_in_their_segments() -> None:
    words = [{**word.document(), "word": f" {word.word}"} for word in CITY.words]
    segment = CITY.segments[0].document(0) | {"words": words}
    assert read(CITY.but("words", segments=[segment])) == read(CITY)


def test_the_demos_recording() -> None:
    transcript = read(HEARD.read_text())
    assert transcript.text == json.loads(HEARD.read_text())["text"]
    assert transcript.confidence is not None
    assert transcript.confidence > 0.85


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("english", "en"),
        ("English", "en"),
        ("en", "en"),
        ("en-GB", "en"),
        ("vietnamese", "vi"),
        ("vi_VN", "vi"),
        ("haitian creole", "ht"),
        ("burmese", "my"),
        ("mandarin", "zh"),
        ("jw", "jv"),
    ],
)
def test_the_language_is_told_by_its_code(told: str, code: str) -> None:
    assert read(replace(CITY, language=told)).language == code


BROKEN = {
    "no words": CITY.but("words"),
    "words of null": CITY.but(words=None),
    "an empty list of words": CITY.but(words=[]),
    "words that are none": CITY.but(words=["I", "like"]),
    "a word without a start": CITY.but(words=[{"word": "I", "end": 1.0}]),
    "a word without an end": CITY.but(words=[{"word": "I", "start": 1.0}]),
    "times in words": CITY.but(words=[{"word": "I", "start": "0.5", "end": "1.0"}]),
    "times that are no numbers": CITY.but(words=[{"word": "I", "start": True, "end": [1.0]}]),
    "a word that is a number": CITY.but(words=[{"word": 1, "start": 0.5, "end": 1.0}]),
    "a word without end": CITY.but(words=[{"word": "a" * 5000, "start": 0.5, "end": 1.0}]),
    "no confidence": CITY.but("segments"),
    "segments without confidence": CITY.but(segments=[{"start": 0.0, "end": 9.0}]),
    "a confidence that is none": CITY.but(
        words=[{"word": "I", "start": 0.5, "end": 1.0, "probability": 2}]
    ),
    "segments that are none": CITY.but(segments="one"),
    "no language": CITY.but("language"),
    "no language at all": CITY.but(language=None),
    "an unheard-of language": CITY.but(language="klingon"),
    "a language without end": CITY.but(language="en" * 5000),
    "no text": CITY.but("text"),
    "NUL": CITY.but(text="I like\0 my city. It is large."),
}


@pytest.mark.parametrize("told", BROKEN.values(), ids=BROKEN)
def test_another_shape(told: Transcribed) -> None:
    with pytest.raises(AnswerBreaksSchema) as raised:
        read(told)
    # Nothing of what was said.
    assert "city" not in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        '{"text": "\\ud800", "language": "en", "words": []}',
        '{"text": "I", "language": "en", "words": [{"word": "I", "start": NaN, "end": 1}]}',
        '{"text": "I", "language": "en", "words": [{"word": "I", "start": 1e999, "end": 1}]}',
        "[]",
        "null",
        "[" * 100_000,
        "I like my city.",
        "",
    ],
    ids=lambda content: content[:40],
)
def test_what_is_kept_and_can_not_be_read(content: str) -> None:
    with pytest.raises(AnswerBreaksSchema):
        read(content)


def _shifted(told: Transcribed, by: float) -> Transcribed:
    words = tuple(Word(word.word, word.start + by, word.end + by) for word in told.words)
    return replace(told, words=words)


LONG = Transcribed.of(" ".join(f"word{at}" for at in range(100)), each=0.5)
OUTSIDE = {
    "after the end": _shifted(LONG, 40.0),
    "before the beginning": _shifted(LONG, -40.0),
    "as if each half minute were the first": replace(
        LONG, words=LONG.words[:50] + _shifted(LONG, 0.0).words[:50]
    ),
    "ended before they begin": LONG.but(
        words=[{"word": "I", "start": 9.0 + at, "end": 8.0} for at in range(9)]
    ),
    "milliseconds": LONG.but(
        words=[{"word": "I", "start": 500.0 * at, "end": 500.0 * at + 300} for at in range(90)]
    ),
    "more words than anybody says": Transcribed.of("no " * 1000, each=0.05),
}


@pytest.mark.parametrize("told", OUTSIDE.values(), ids=OUTSIDE)
def test_times_at_which_nobody_speaks(told: Transcribed) -> None:
    with pytest.raises(AnswerUnfounded):
        read(told)


def test_one_word_at_a_time_that_can_not_be_costs_no_other() -> None:
    words = (*CITY.words, Word("Bye", 61.0, 61.5))
    assert read(replace(CITY, words=words)).text == "I like my city. It is large."


def test_times_that_stray_a_little_stay_within_the_recording() -> None:
    told = Transcribed("Hi you.", (Word("Hi", -0.2, 0.3), Word("you", 59.9, 60.4)), CITY.segments)
    first, last = read(told).words
    assert (first.start, first.end, last.start, last.end) == (0.0, 0.3, 59.9, 60.0)


def test_words_where_nobody_speaks_are_dropped() -> None:
    voice = Voice((Interval(0.0, 1.8),))
    assert read(CITY, voice).text == "I like my city."


def test_loops_are_cut() -> None:
    quick = Transcribed.of("so I go " * 12, each=0.02)
    words = tuple(replace(word, end=word.start + 0.02) for word in quick.words)
    assert read(replace(quick, words=words)).text == "so I go"


def test_what_the_provider_takes_for_silence_is_none_of_the_speakers() -> None:
    silent = Segment(" It is large.", 2.1, 3.2, avg_logprob=-1.4, no_speech_prob=0.9)
    told = replace(CITY, segments=(Segment(" I like my city.", 0.5, 2.0), silent))
    assert read(told).text == "I like my city."
    # Sure of the words, or of the speech, it may well be right.
    for sure in (replace(silent, avg_logprob=-0.5), replace(silent, no_speech_prob=0.3)):
        told = replace(CITY, segments=(CITY.segments[0], sure))
        assert len(read(told).words) == 7


NOTHING = Transcribed("", (), ())


def test_in_a_moment_of_speech_there_may_be_no_word() -> None:
    assert read(NOTHING, Voice((Interval(1.0, 2.5),))).words == ()
    assert read(NOTHING.but("words", "segments"), Voice((Interval(1.0, 2.5),))).words == ()


def test_in_a_minute_of_it_there_are_some() -> None:
    with pytest.raises(ResponseMalformed, match="no word was heard in 60 s of speech"):
        read(NOTHING)


@pytest.mark.parametrize(
    ("word", "heard"),
    [(" I like", ["I", "like"]), ("caf\x1b\u202ee", ["cafe"]), (" \u200b ", []), ("", [])],
)
def test_words_are_what_can_be_printed_of_them(word: str, heard: list[str]) -> None:
    told = Transcribed(word, (Word(word, 1.0, 2.0),), (Segment(word, 1.0, 2.0),))
    said = read(told).words
    assert [item.text for item in said] == heard
    if len(said) == 2:
        assert [(item.start, item.end) for item in said] == [(1.0, 1.5), (1.5, 2.0)]


@pytest.mark.parametrize("field", ["words", "segments"])
@pytest.mark.parametrize(
    "value", [None, 17, "words", [None], [17], ["I"], [[]], [{}], [{"word": None}], {"word": "I"}]
)
def test_no_json_of_any_shape_breaks_the_reader(field: str, value: Any) -> None:
    try:
        transcript = read(CITY.but(**{field: value}))
    except ProviderFault as fault:
        assert fault.retryable
    else:
        assert len(transcript.words) == 7
