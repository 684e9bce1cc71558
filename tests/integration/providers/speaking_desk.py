"""A desk with recorded answers at hand, whose words are scripted."""

from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from grading.domain.work import Prompt, SpeakingPart
from tests.integration.providers.desk import Desk
from tests.integration.providers.job_desk import ANSWERED, ASKED, KEY
from tests.stack.light_measurer import LightMeasurer
from tests.stack.llm_worker import LlmWorker
from tests.stack.recorded_jobs import submit_recording
from tests.unit.speaking.conftest import samples
from tests.unit.speaking.encoding import FORMATS, encode
from tests.unit.speaking.scripted import EvenAligner, EverywhereVoice, ScriptedTranscriber
from tests.unit.speaking.words import spoken
from workers.speaking.models import SpeakingModels
from workers.speaking.pitch import PitchTracker
from workers.speaking.pronouncing import PronouncingDictionary
from workers.writing.models import load_models

SPEECH = (
    f"I would choose the zoo because my children love {ANSWERED} and other small animals. "
    "First of all it is near our house, so that we can walk there after school. "
    "For example, last week we watched a keeper who fed the birds by hand. "
    "On the other hand, the cinema is too expensive for a family of five. "
    "The museum is closed on Mondays, which is the only day when I am free. "
    "So the zoo is what I would choose for the next holiday."
)
PROMPT = Prompt(f"Choose a place to see the {ASKED}.", ("Choose a place", "Rule out the others"))
#: Of the recording, in seconds; the scripted words are no longer.
_SECONDS = 30


@cache
def ears() -> SpeakingModels:
    """What hears SPEECH in every recording."""
    aligner: Any = EvenAligner(PronouncingDictionary.load())
    voice: Any = EverywhereVoice()
    words = spoken(SPEECH)
    assert words[-1].end < _SECONDS
    return SpeakingModels(voice, ScriptedTranscriber(words), aligner, PitchTracker(), load_models())


@cache
def _recording() -> bytes:
    return encode(np.tile(samples(1.0), _SECONDS), FORMATS[0])


class SpeakingDesk(Desk):
    """Makes jobs of speaking, and workers for them."""

    #: Where recordings are kept.
    folder: Path

    def listening_worker(self, url: str | None = None, **settings: Any) -> LlmWorker:
        """A worker by ``settings`` that hears SPEECH, and a model on it."""
        made = LlmWorker(
            self.database.settings(
                openai_api_key=KEY,
                openai_base_url=url or self.provider.url,
                grading_audio_url=f"file://{self.folder}",
                **settings,
            ),
            LightMeasurer(),
            ears=ears(),
        )
        self.workers.append(made)
        return made

    def submit_recording(self) -> UUID:
        """Accept a job of speaking."""
        settings = self.database.settings(grading_audio_url=f"file://{self.folder}")
        part = SpeakingPart.SOLUTION_DISCUSSION
        return submit_recording(self.conn, settings, _recording(), PROMPT, part)
