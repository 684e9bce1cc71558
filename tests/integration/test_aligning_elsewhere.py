"""Alignment in a process of its own: the same phones, and a worker that is never held up."""

import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID

import pytest

from grading.exceptions import LeaseLost
from tests.stack.process import CHECKOUT
from tests.unit.speaking.words import spoken
from workers.measuring_pool import MeasuringPool
from workers.speaking.aligning_elsewhere import AligningElsewhere
from workers.speaking.alignment import PhoneAligner
from workers.speaking.decoding import decode

ANSWER = CHECKOUT / "embedded" / "recordings" / "synthetic-answer.ogg"
WORDS = spoken("I would like to tell you about my neighbourhood", start=0.05, each=0.3)

#: What a worker that listens itself does with a recording; it says what it has loaded.
_WORKER = """
import sys
from pathlib import Path

from grading.domain.work import Prompt, SpeakingPart, SpeakingWork
from grading.settings import Settings
from workers.shared_tools import SharedTools
from workers.transcribing import make_listener

recording = Path(sys.argv[1])
settings = Settings(
    DATABASE_URL="postgresql://nobody@127.0.0.1/none", RABBITMQ_URL="amqp://127.0.0.1"
)
tools = SharedTools(settings)
listener = make_listener(settings, tools)
step = lambda share, message: None
opened = listener.open(recording, step)
transcript = listener.transcribe(recording, opened, step)
work = SpeakingWork(SpeakingPart.SOCIAL_INTERACTION, recording, Prompt("Talk about your street."))
observed = {item.kind for item in listener.measure(work, opened, transcript, step)}
tools.close()
print("phones_heard" in observed, "pocketsphinx" in sys.modules)
"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[AligningElsewhere]:
    pool = MeasuringPool(1)
    yield AligningElsewhere(pool)
    pool.close()


def test_the_same_phones_are_found_there_as_here(elsewhere: AligningElsewhere) -> None:
    sound = decode(ANSWER).part(0.0, 3.2)
    here = PhoneAligner().align(sound, WORDS, lambda: None)
    assert here
    assert elsewhere.align(sound, WORDS, lambda: None) == here


def test_who_has_lost_the_job_waits_no_longer(elsewhere: AligningElsewhere) -> None:
    def lost() -> None:
        raise LeaseLost(UUID(int=1), 1)

    with pytest.raises(LeaseLost):
        elsewhere.align(decode(ANSWER), spoken("and so on " * 60, each=0.3), lost)


def test_the_process_that_holds_the_lease_never_loads_the_aligner() -> None:
    short = CHECKOUT / "tests" / "cases" / "speech" / "synthetic-short.webm"
    done = subprocess.run(
        [sys.executable, "-c", _WORKER, str(short)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stdout.split() == ["True", "False"], done.stderr
