"""Which calibrations a worker that grades speech takes."""

from pathlib import Path
from typing import Any

import pytest

from grading.domain.mark_scale import MarkScale
from grading.domain.work import SpeakingPart
from grading.exceptions import SettingsError
from grading.settings import Settings
from workers import graders
from workers.calibration.assembly import document
from workers.calibration.calibrate import write_calibration
from workers.speaking import embedded, llm
from workers.speaking.measure import FEATURE_VERSION

ALONE = FEATURE_VERSION, embedded.RUBRIC_VERSION
HEARING = llm.observed_version(FEATURE_VERSION), llm.RUBRIC_VERSION


def _settings(**others: Any) -> Settings:
    return Settings.model_validate(
        {"database_url": "postgresql://nowhere/none", "rabbitmq_url": "amqp://nowhere", **others}
    )


def _write(file: Path, versions: tuple[str, str]) -> None:
    feature_version, rubric_version = versions
    targets = {SpeakingPart.TOPIC_DEVELOPMENT: {"overall": {"start": 9.0, "curves": {}}}}
    scale = MarkScale(0, 10, 0.5)
    write_calibration(
        document("nines", rubric_version, scale, targets, feature_version=feature_version), file
    )


@pytest.mark.parametrize(
    ("key", "fitting", "other"),
    [({}, ALONE, HEARING), ({"openai_api_key": "key"}, HEARING, ALONE)],
    ids=["alone", "hearing"],
)
def test_a_calibration_is_bound_to_whether_a_model_is_heard(
    tmp_path: Path, key: dict[str, str], fitting: tuple[str, str], other: tuple[str, str]
) -> None:
    file = tmp_path / "nines.json"
    settings = _settings(grading_speaking_calibration=file, **key)
    _write(file, fitting)
    calibration = graders.speaking_calibration_of(settings)
    assert calibration is not None
    assert calibration.rubric_version == fitting[1]
    _write(file, other)
    with pytest.raises(SettingsError, match=r"^GRADING_SPEAKING_CALIBRATION: nines\.json was"):
        graders.speaking_calibration_of(settings)
