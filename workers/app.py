"""The Celery application of the product: ``celery -A workers.app worker``."""

import sys
from functools import partial

from celery import Celery

from grading.exceptions import SettingsError
from grading.rubric.calibration import Calibration
from grading.settings import load_settings
from workers.bootstrap import create_app
from workers.calibrated import calibration_of
from workers.grader import WritingGrader


def _load_embedded(calibration: Calibration | None) -> WritingGrader:
    # Imported here: the models are large, and the parent process needs none.
    from workers.writing.embedded import EmbeddedWritingGrader

    return EmbeddedWritingGrader.load(calibration=calibration)


def _create() -> Celery:
    settings = load_settings()
    # Read before any child is made: a wrong file must stop the worker, not its children.
    return create_app(settings, partial(_load_embedded, calibration_of(settings)))


try:
    app = _create()
except SettingsError as error:
    sys.exit(str(error))
