"""The Celery application of the product: ``celery -A workers.app worker``."""

import sys

from grading.exceptions import SettingsError
from grading.settings import load_settings
from workers.bootstrap import create_app
from workers.grader import WritingGrader


def _load_embedded() -> WritingGrader:
    # Imported here: the models are large, and the parent process needs none.
    from workers.writing.embedded import EmbeddedWritingGrader

    return EmbeddedWritingGrader.load()


try:
    app = create_app(load_settings(), _load_embedded)
except SettingsError as error:
    sys.exit(str(error))
