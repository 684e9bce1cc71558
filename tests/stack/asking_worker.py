"""A real Celery worker that asks providers, and loads no large model beside them.

``celery -A tests.stack.asking_worker``.
"""

import sys

from grading.exceptions import SettingsError
from grading.settings import load_settings
from tests.stack.light_listener import LightListener
from tests.stack.light_measurer import LightMeasurer
from workers.bootstrap import create_app
from workers.grader import SpeakingGrader, WritingGrader
from workers.graders import wire_llm_grader
from workers.shared_tools import SharedTools
from workers.speaking.embedded import EmbeddedSpeakingGrader
from workers.transcribing import make_caller, make_transcripts

try:
    settings = load_settings()
except SettingsError as error:
    sys.exit(str(error))


def _load_writing(tools: SharedTools) -> WritingGrader:
    return wire_llm_grader(settings, tools.callers, LightMeasurer())


def _load_speaking(tools: SharedTools) -> SpeakingGrader:
    listener = LightListener()
    transcripts = make_transcripts(settings, make_caller(settings, tools), listener)
    return EmbeddedSpeakingGrader.load(listener=listener, transcripts=transcripts)


app = create_app(settings, _load_writing, _load_speaking)
