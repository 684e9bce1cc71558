"""A calibration of speaking is bound to whose words it was fitted to."""

from pathlib import Path
from typing import Any

import pytest

from grading.domain.mark_scale import MarkScale
from grading.domain.work import SpeakingPart
from grading.exceptions import SettingsError
from grading.settings import Settings
from workers.calibration.assembly import document
from workers.calibration.calibrate import write_calibration
from workers.graders import speaking_calibration_of
from workers.speaking.embedded import RUBRIC_VERSION
from workers.speaking.encoding import TRANSCRIPTION_VERSION
from workers.speaking.measure import FEATURE_VERSION, feature_version

PROVIDERS = feature_version(TRANSCRIPTION_VERSION)


def _settings(file: Path, **others: Any) -> Settings:
    return Settings.model_validate(
        {
            "database_url": "postgresql://nowhere/none",
            "rabbitmq_url": "amqp://nowhere",
            "grading_speaking_calibration": file,
            **others,
        }
    )


@pytest.mark.parametrize(
    ("key", "fitting", "other"),
    [({}, FEATURE_VERSION, PROVIDERS), ({"stt_api_key": "key"}, PROVIDERS, FEATURE_VERSION)],
    ids=["the embedded recogniser", "a provider"],
)
def test_words_of_another_recogniser_are_refused(
    tmp_path: Path, key: dict[str, str], fitting: str, other: str
) -> None:
    file = tmp_path / "nines.json"
    settings = _settings(file, **key)
    targets = {SpeakingPart.TOPIC_DEVELOPMENT: {"overall": {"start": 9.0, "curves": {}}}}
    for version in (fitting, other):
        content = document("nines", RUBRIC_VERSION, MarkScale(0, 10, 0.5), targets, None, version)
        write_calibration(content, file)
        if version == fitting:
            assert speaking_calibration_of(settings) is not None
        else:
            with pytest.raises(SettingsError, match=r"^GRADING_SPEAKING_CALIBRATION: nines"):
                speaking_calibration_of(settings)
