"""Asking a provider for a transcription: what is sent, what comes back, what it costs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from grading.domain.usage import Usage
from grading.transcription_settings import TranscriptionSettings
from tests.stack.provider.answers import Reply
from tests.stack.provider.broken import not_json, other_json
from tests.stack.provider.exchange import Script
from tests.stack.provider.server import Provider
from tests.stack.provider.transcriptions import Transcribed
from tests.unit.provider.transcribing import SPEECH, Asking
from workers.providers.faults import ResponseMalformed
from workers.providers.transcription import Speech, TranscriptionModel


@pytest.fixture
def asking(provider: Provider) -> Iterator[Asking]:
    made = Asking(provider.url, stt_price_per_minute="0.006")
    yield made
    made.close()


def test_what_is_sent(provider: Provider, asking: Asking) -> None:
    asking.ask()
    [call] = provider.transcriptions.calls
    assert (call.method, call.path) == ("POST", "/v1/audio/transcriptions")
    assert call.headers["authorization"] == "Bearer key"
    assert call.headers["x-stainless-retry-count"] == "0"
    # No language, which is the model's to tell, and nothing of the learner or the task.
    assert call.form.fields == {
        "model": ["whisper-1"],
        "response_format": ["verbose_json"],
        "timestamp_granularities[]": ["word", "segment"],
        "temperature": ["0"],
    }
    [(name, file)] = call.form.files.items()
    assert (name, file.name, file.media_type) == ("file", "speech.flac", "audio/flac")
    assert file.content == SPEECH.content


def test_the_answer_is_the_providers_json_as_it_came(provider: Provider, asking: Asking) -> None:
    body = b'{"text": "Xin ch\xc3\xa0o", "of its own": [1.50, null],\n "duration": 3}'
    provider.transcriptions.queue(Reply(200, body))
    said = asking.ask()
    assert said.content == body.decode()
    [call] = asking.ledger.calls
    assert call.answer is not None
    assert call.answer.content == body.decode()
    assert (said.use.stage, said.use.model, said.use.prompt_version) == (
        "transcription",
        "whisper-1",
        "transcription-1.0",
    )


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [
        ({"type": "duration", "seconds": 62}, 62),
        ({"type": "duration", "seconds": 100.5}, 100.5),
        ({"type": "duration", "seconds": 0}, 0),
        # What nobody can believe, or tells nothing of sound.
        ({"type": "duration", "seconds": 1e9}, 61.5),
        ({"type": "duration", "seconds": -1}, 61.5),
        ({"type": "duration", "seconds": "many"}, 61.5),
        ({"type": "tokens", "input_tokens": 10, "output_tokens": 20}, 61.5),
        ({}, 61.5),
        (None, 61.5),
        ([61], 61.5),
        ("61", 61.5),
    ],
    ids=str,
)
def test_seconds_of_sound_are_what_it_costs(
    provider: Provider, asking: Asking, usage: Any, seconds: float
) -> None:
    provider.transcriptions.queue(other_json({"text": "Hello.", "usage": usage}))
    use = asking.ask().use
    assert use.usage == Usage(audio_seconds=seconds)
    assert use.usage.total == 0
    assert use.cost == Decimal("0.006") * Decimal(str(seconds)) / 60
    [call] = asking.ledger.calls
    assert (call.usage, call.cost) == (use.usage, use.cost)


def test_without_a_price_nothing_is_said_of_cost(provider: Provider) -> None:
    asking = Asking(provider.url)
    try:
        assert asking.ask().use.cost is None
    finally:
        asking.close()


def test_an_answer_that_is_read_in_vain_costs_as_much(provider: Provider, asking: Asking) -> None:
    def read(content: str) -> str:
        raise ResponseMalformed("nothing in it")

    with pytest.raises(ResponseMalformed):
        asking.ask(read)
    [call] = asking.ledger.calls
    assert (call.usage, call.cost) == (Usage(audio_seconds=61.5), Decimal("0.00615"))


@pytest.mark.parametrize(
    "script",
    [
        not_json(b""),
        not_json(b"Good morning.", "text/plain"),
        not_json(b"<html></html>", "text/html"),
        not_json(b'{"text": "\xff"}'),
        not_json(b'{"text": "cut o'),
        not_json(b"[" * 100_000),
        not_json(b'{"text": "' + b"a" * 9_000_000 + b'"}'),
        other_json(None),
        other_json("Good morning."),
        other_json([{"text": "Good morning."}]),
        other_json({}),
        other_json({"text": None}),
        other_json({"text": ["Good", "morning."]}),
        other_json({"error": {"message": "Overloaded."}}),
        not_json(b'{"text": "\\ud800"}'),
    ],
    ids=lambda script: script.body[:24],
)
def test_what_is_no_transcription(provider: Provider, asking: Asking, script: Script) -> None:
    provider.transcriptions.queue(script)
    with pytest.raises(ResponseMalformed):
        asking.ask()
    assert asking.ledger.outcomes == ["response_malformed"]
    assert asking.ledger.calls[0].usage is None


def test_under_what_an_answer_is_kept() -> None:
    def hash_of(speech: Speech = SPEECH, **settings: Any) -> str:
        given = {"stt_api_key": SecretStr("key"), **settings}
        return TranscriptionModel(TranscriptionSettings(**given)).prompt_hash(speech)

    usual = hash_of()
    assert usual == hash_of(stt_base_url="http://127.0.0.1:9/v1", stt_read_timeout_seconds=7)
    # How the sound was packed is no matter: the same recording is asked about.
    assert usual == hash_of(replace(SPEECH, content=b"fLaC, by another encoder"))
    assert usual != hash_of(stt_model="whisper-2")
    assert usual != hash_of(replace(SPEECH, recording="cd" * 32))


def test_what_a_provider_says_can_be_read_again(provider: Provider, asking: Asking) -> None:
    transcribed = Transcribed.of("I like my city.", billed=62)
    provider.transcriptions.queue(transcribed)
    assert json.loads(asking.ask().content) == transcribed.document()
