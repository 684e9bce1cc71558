"""Listening in other processes: the same is heard there as here, and refused."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grading.domain.audio import AudioProblem, NotAssessableReason
from grading.domain.work import Prompt, SpeakingPart, SpeakingWork
from grading.exceptions import AudioRefused, LeaseLost
from grading.settings import Settings
from tests.stack.process import CHECKOUT
from tests.stack.submissions import new_job
from workers.shared_tools import SharedTools
from workers.speaking.listener import Listener, ListeningHere
from workers.speaking.listening import NothingHeard, Opened
from workers.speaking.models import SpeakingModels
from workers.transcribing import make_listener

CASES = CHECKOUT / "tests" / "cases" / "speech"
SHORT = CASES / "synthetic-short.webm"
WORK = SpeakingWork(SpeakingPart.SOCIAL_INTERACTION, SHORT, Prompt("Talk about your street."))
#: Longer than the short recording, shorter than the others.
LONGEST = 8.0


def quiet(share: float, message: str) -> None:
    """Hears no progress."""
    del share, message


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings.model_validate(
        {
            "database_url": "postgresql://nobody@127.0.0.1/none",
            "rabbitmq_url": "amqp://127.0.0.1",
            "stt_api_key": "key",
            "grading_max_audio_seconds": LONGEST,
            "grading_measuring_processes": 1,
        }
    )


@pytest.fixture(scope="module")
def elsewhere(settings: Settings) -> Iterator[Listener]:
    tools = SharedTools(settings, waits=True)
    yield make_listener(settings, tools)
    tools.close()


def _opened(listener: Listener, recording: Path = SHORT) -> Opened:
    opened = listener.open(recording, quiet)
    assert isinstance(opened, Opened)
    return opened


def test_the_same_is_heard_there_as_here(elsewhere: Listener) -> None:
    here = ListeningHere(SpeakingModels.load(), is_sent=True)
    there, ours = _opened(elsewhere), _opened(here)
    # The sound stays where it was decoded.
    assert there == replace(ours, sound=None)
    assert there.speech is not None
    assert there.speech.content.startswith(b"fLaC")
    transcript = elsewhere.transcribe(SHORT, there, quiet)
    assert transcript == here.transcribe(SHORT, ours, quiet)
    assert transcript.text.startswith("My street is quiet")
    assert elsewhere.recogniser == here.recogniser
    observed = elsewhere.measure(WORK, there, transcript, quiet)
    assert list(observed) == [
        replace(item, details=dict(item.details))
        for item in here.measure(WORK, ours, transcript, quiet)
    ]
    assert {"phone_misfit", "pitch_range", "word_count"} <= {item.kind for item in observed}


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("not-audio.mp3", AudioProblem.UNDECODABLE),
        # By GRADING_MAX_AUDIO_SECONDS.
        ("synthetic-vietnamese.ogg", AudioProblem.TOO_LONG),
    ],
)
def test_what_can_not_be_used_is_refused(
    elsewhere: Listener, file: str, problem: AudioProblem
) -> None:
    with pytest.raises(AudioRefused) as refused:
        elsewhere.open(CASES / file, quiet)
    assert refused.value.problem is problem


def test_silence_is_nothing_to_send(elsewhere: Listener) -> None:
    opened = elsewhere.open(CASES / "silence.flac", quiet)
    assert isinstance(opened, NothingHeard)
    assert opened.reason is NotAssessableReason.SILENCE


def test_whoever_waits_may_be_told_to_stop(elsewhere: Listener) -> None:
    job = new_job()

    def lost(share: float, message: str) -> None:
        raise LeaseLost(job.id, 1)

    with pytest.raises(LeaseLost):
        elsewhere.open(SHORT, lost)
