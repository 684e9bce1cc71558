"""Listening in one process: one recording at a time, and no model that nobody needs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from grading.exceptions import WorkerStopping
from tests.unit.speaking.conftest import ANSWER, CASES
from workers.speaking import whisper
from workers.speaking.decoding import DecodingLimits
from workers.speaking.listener import ListeningHere
from workers.speaking.listening import Opened
from workers.speaking.models import SpeakingModels
from workers.speaking.transcriber import Transcriber
from workers.speaking.whisper import LazyTranscriber, recogniser_tools
from workers.writing.models import load_models


def _quiet(share: float, message: str) -> None:
    del share, message


def test_the_recogniser_is_loaded_when_there_is_something_to_transcribe(
    models: SpeakingModels, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[bool] = []

    def load() -> Transcriber:
        loaded.append(True)
        return transcriber

    monkeypatch.setattr(whisper, "EmbeddedTranscriber", load)
    lazy = LazyTranscriber()
    listener = ListeningHere(
        SpeakingModels(models.voice, lazy, models.aligner, models.pitch, models.language)
    )
    assert listener.recogniser == recogniser_tools()
    opened = listener.open(CASES / "synthetic-short.webm", _quiet)
    assert isinstance(opened, Opened)
    assert loaded == []
    # Twice, and it is loaded once.
    for _ in range(2):
        heard = listener.transcribe(CASES / "synthetic-short.webm", opened, _quiet)
        assert heard.text.startswith("My street")
    assert loaded == [True]


def test_both_skills_measure_words_with_the_same_tools(models: SpeakingModels) -> None:
    assert models.language is load_models()


def test_who_waits_for_its_turn_may_be_told_to_stop(models: SpeakingModels) -> None:
    listener = ListeningHere(models)
    opened = listener.open(ANSWER, _quiet)
    assert isinstance(opened, Opened)
    begun, go_on = threading.Event(), threading.Event()

    def hold(share: float, message: str) -> None:
        begun.set()
        assert go_on.wait(10)

    def stop(share: float, message: str) -> None:
        # Asked before it waits, and again while it does.
        if asked:
            raise WorkerStopping
        asked.append(message)

    asked: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(listener.transcribe, ANSWER, opened, hold)
        assert begun.wait(10)
        with pytest.raises(WorkerStopping):
            listener.open(ANSWER, stop)
        go_on.set()
        holding.result(60)
    assert asked == ["Decoding the recording"]


def test_limits_grow_with_the_longest_recording() -> None:
    usual, hour = DecodingLimits(), DecodingLimits.up_to(3600)
    assert DecodingLimits.up_to(600) == usual
    # Less is decoded of a shorter one, and a file may be as hostile as any.
    minute = DecodingLimits.up_to(60)
    assert (minute.longest_seconds, minute.output_bytes) == (60, usual.output_bytes)
    assert hour.longest_seconds == 3600
    assert hour.output_bytes >= 3600 * 2 * hour.rate
    assert hour.memory_bytes > usual.memory_bytes
    assert hour.processor_seconds == 6 * usual.processor_seconds
