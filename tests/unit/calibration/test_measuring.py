"""Measuring for a calibration: in other processes, and once."""

from pathlib import Path

import pytest

from bench.cases import read_case
from grading.domain.work import WritingWork
from tests.unit.writing.conftest import CASES
from workers.calibration import measuring
from workers.calibration.feature_cache import FeatureCache
from workers.calibration.measuring import measure_answers
from workers.writing.measure import measure
from workers.writing.models import load_models


@pytest.fixture(scope="module")
def works() -> list[WritingWork]:
    return [read_case(CASES / f"{name}.md").work for name in ("traffic-b1-essay", "too-short")]


def test_answers_are_measured_elsewhere_and_kept(works: list[WritingWork], tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    told: list[tuple[int, int]] = []
    found = measure_answers(works, cache, lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]
    models = load_models()
    for work, features in zip(works, found, strict=True):
        here = measure(work, models, lambda *_: None)
        assert [(o.kind, o.value, dict(o.details)) for o in features] == [
            (o.kind, o.value, dict(o.details)) for o in here
        ]
        assert not any(item.quotes for item in features)
        assert cache.get(work) == features
    kept = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert works[0].text[:40] not in kept


def test_what_is_kept_is_not_measured_again(
    works: list[WritingWork], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FeatureCache(tmp_path)
    for work in works:
        cache.put(work, ())
    assert cache.get(works[0]) == ()
    monkeypatch.setattr(measuring, "MeasuringPool", None)
    assert measure_answers(works, cache, lambda *_: None) == [(), ()]
    assert measure_answers([], None, lambda *_: None) == []


def test_a_broken_entry_is_as_none(works: list[WritingWork], tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put(works[0], ())
    for path in tmp_path.rglob("*.json"):
        path.write_text("[[")
    assert cache.get(works[0]) is None
