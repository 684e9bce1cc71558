"""A real Celery worker with the scripted grader: ``celery -A tests.stack.scripted_worker``."""

import sys

from grading.exceptions import SettingsError
from grading.settings import load_settings
from tests.stack.scripted_grader import ScriptedGrader
from workers.bootstrap import create_app
from workers.shared_tools import SharedTools


def _load_scripted(tools: SharedTools) -> ScriptedGrader:
    del tools
    return ScriptedGrader()


try:
    app = create_app(load_settings(), _load_scripted, _load_scripted)
except SettingsError as error:
    sys.exit(str(error))
