"""The Celery application of the product: ``celery -A workers.app worker``."""

import sys
from functools import partial

from celery import Celery

from grading.exceptions import SettingsError
from grading.recordings import open_recordings
from grading.rubric.calibration import Calibration
from grading.settings import Settings, load_settings
from workers.bootstrap import create_app
from workers.grader import SpeakingGrader, WritingGrader
from workers.shared_tools import SharedTools


def _load_writing(
    settings: Settings, calibration: Calibration | None, tools: SharedTools
) -> WritingGrader:
    # Imported here: the language tools are large, and the parent process needs none.
    from workers.graders import load_writing_grader

    return load_writing_grader(settings, calibration, tools)


def _load_speaking(
    settings: Settings, calibration: Calibration | None, tools: SharedTools
) -> SpeakingGrader:
    from workers.graders import load_speaking_grader

    return load_speaking_grader(settings, calibration, tools)


def _create() -> Celery:
    settings = load_settings()
    # What can't be used must stop the worker, not its children.
    open_recordings(settings)
    writing = speaking = None
    if settings.grading_calibration or settings.grading_speaking_calibration:
        # What measures is large, and without a calibration nobody asks its version.
        from workers.graders import speaking_calibration_of, writing_calibration_of

        # A wrong file likewise.
        writing = writing_calibration_of(settings)
        speaking = speaking_calibration_of(settings)
    return create_app(
        settings,
        partial(_load_writing, settings, writing),
        partial(_load_speaking, settings, speaking),
    )


try:
    app = _create()
except SettingsError as error:
    sys.exit(str(error))
