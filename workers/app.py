"""The Celery application of the product: ``celery -A workers.app worker``."""

import sys
from functools import partial

from celery import Celery

from grading.exceptions import SettingsError
from grading.rubric.calibration import Calibration
from grading.settings import Settings, load_settings
from workers.bootstrap import create_app
from workers.grader import WritingGrader


def _load(settings: Settings, calibration: Calibration | None) -> WritingGrader:
    # Imported here: the language tools are large, and the parent process needs none.
    from workers.graders import load_writing_grader

    return load_writing_grader(settings, calibration)


def _calibration(settings: Settings) -> Calibration | None:
    if settings.grading_calibration is None:
        return None
    # Imported here: what measures is large, and without a calibration nobody asks its version.
    from workers.graders import calibration_of

    return calibration_of(settings)


def _create() -> Celery:
    settings = load_settings()
    # Read before any child is made: a wrong file must stop the worker, not its children.
    return create_app(settings, partial(_load, settings, _calibration(settings)))


try:
    app = _create()
except SettingsError as error:
    sys.exit(str(error))
