"""A real Celery worker whose grader takes no time: ``celery -A bench.instant_worker worker``."""

import sys

from bench.instant_grader import InstantGrader
from grading.exceptions import SettingsError
from grading.settings import load_settings
from workers.bootstrap import create_app
from workers.shared_tools import SharedTools


def _load_instant(tools: SharedTools) -> InstantGrader:
    del tools
    return InstantGrader()


try:
    app = create_app(load_settings(), _load_instant, _load_instant)
except SettingsError as error:
    sys.exit(str(error))
