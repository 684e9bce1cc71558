"""The calibration that a worker's settings name."""

from grading.exceptions import SettingsError
from grading.rubric.calibration import Calibration
from grading.rubric.calibration_file import CalibrationError, load_calibration
from grading.settings import Settings


def calibration_of(settings: Settings) -> Calibration | None:
    """The calibration to grade with; None where the settings name none.

    Raises:
        SettingsError: the file can't be used with this grader; one line names the variable.
    """
    file = settings.grading_calibration
    if file is None:
        return None
    # Imported here: what measures is large, and without a calibration nobody asks its version.
    from workers.writing.embedded import RUBRIC_VERSION
    from workers.writing.measure import FEATURE_VERSION

    try:
        return load_calibration(
            file, feature_version=FEATURE_VERSION, rubric_version=RUBRIC_VERSION
        )
    except CalibrationError as error:
        raise SettingsError(f"GRADING_CALIBRATION: {error}") from None
