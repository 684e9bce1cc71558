"""A real Celery worker whose grader takes no time: ``celery -A bench.instant_worker worker``."""

import sys

from bench.instant_grader import InstantGrader
from grading.exceptions import SettingsError
from grading.settings import load_settings
from workers.bootstrap import create_app

try:
    app = create_app(load_settings(), InstantGrader, InstantGrader)
except SettingsError as error:
    sys.exit(str(error))
