"""The promise holds while everything is killed, and its breach would be seen."""

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import SUMMARY
from tests.faults.ground import Ground
from tests.faults.overtaking import run_overtaking
from tests.faults.plan import Kind
from tests.faults.rolling import run_rolling
from tests.faults.scenario import Size, run_scenario
from tests.faults.seed import seed
from tests.stack.stack import SCRIPTED

UNFENCED = "tests.faults.unfenced_worker"


@pytest.fixture
def ground() -> Iterator[Ground]:
    """Everything in processes of its own, to be broken; not started yet."""
    made = Ground()
    yield made
    made.stop()


@pytest.mark.timeout(600)
def test_the_promise_holds_whatever_is_killed(
    ground: Ground, record_property: Callable[[str, object], None]
) -> None:
    ground.start()
    size = Size()
    report = run_scenario(ground, seed(), size)
    record_property(SUMMARY, str(report))
    assert report.violations == [], ground.account()
    assert report.ends.total() == size.jobs
    assert {*report.struck} == {*Kind}
    # A job may end with its retries used up, but most are graded for all that.
    assert report.ends["completed"] > 0.75 * size.jobs


@pytest.fixture(scope="module")
def standing_ground() -> Iterator[Ground]:
    """The same, started, for tests that leave it as it was."""
    made = Ground()
    try:
        made.start(SCRIPTED)
        yield made
    finally:
        made.stop()


def test_a_worker_that_was_overtaken_breaks_nothing(standing_ground: Ground) -> None:
    assert run_overtaking(standing_ground) == []


@pytest.mark.timeout(300)
def test_a_rolling_restart_loses_doubles_and_uses_up_nothing(
    standing_ground: Ground, record_property: Callable[[str, object], None]
) -> None:
    report = run_rolling(standing_ground, seed())
    record_property(SUMMARY, str(report))
    assert report.violations == [], standing_ground.account()
    assert {*report.ends} == {"completed"}
    assert report.given_back > 0
    assert report.resumes > 0


def test_without_fencing_the_same_gives_violations(ground: Ground) -> None:
    ground.start(UNFENCED)
    found = run_overtaking(ground)
    assert any("progress falls" in violation for violation in found), found
