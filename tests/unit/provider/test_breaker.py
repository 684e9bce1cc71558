"""The circuit breaker of a model: when it opens, what it lets through, when it closes."""

from collections.abc import Iterator

import pytest

from tests.stack.provider.answers import Answer, refusal
from tests.stack.provider.errors import (
    insufficient_quota,
    invalid_api_key,
    invalid_request,
    model_not_found,
    rate_limited,
    server_error,
)
from tests.stack.provider.exchange import Script
from tests.stack.provider.server import Provider
from tests.stack.waiting import until
from tests.unit.provider.asking import Asking, asking, comes_to
from workers.providers.faults import CircuitOpen, ProviderFault

GOOD: Script = Answer("{}")
BAD: Script = server_error()


@pytest.fixture
def model(provider: Provider) -> Iterator[Asking]:
    with asking(provider.url) as made:
        yield made


def _play(provider: Provider, model: Asking, *scripts: Script) -> list[str]:
    """Ask once for each script; gives what came of it."""
    provider.chat.queue(*scripts)
    outcomes = []
    for _ in scripts:
        told = model.ask()
        outcomes.append(told.code if isinstance(told, ProviderFault) else "answered")
    return outcomes


def _is_open(provider: Provider, model: Asking) -> bool:
    """Whether a call is refused unmade; one that is made goes well."""
    made = len(provider.chat.calls)
    told = model.ask()
    assert isinstance(told, CircuitOpen) == (len(provider.chat.calls) == made)
    return isinstance(told, CircuitOpen)


def _opened(provider: Provider, model: Asking) -> None:
    _play(provider, model, *[BAD] * 20)
    assert _is_open(provider, model)


def test_half_of_the_last_twenty_may_fail(provider: Provider, model: Asking) -> None:
    _play(provider, model, *[BAD, GOOD] * 20)
    assert not _is_open(provider, model)


def test_more_than_half_may_not(provider: Provider, model: Asking) -> None:
    _play(provider, model, *[BAD, GOOD] * 9, BAD, BAD)
    assert _is_open(provider, model)


def test_fewer_than_twenty_calls_prove_nothing(provider: Provider, model: Asking) -> None:
    _play(provider, model, *[BAD] * 19)
    assert not _is_open(provider, model)


def test_only_the_last_twenty_count(provider: Provider, model: Asking) -> None:
    _play(provider, model, *[GOOD] * 20, *[BAD] * 10)
    assert not _is_open(provider, model)  # the last 20: 9 of the good ones, 10 bad ones, this
    _play(provider, model, BAD, BAD)
    assert _is_open(provider, model)


@pytest.mark.parametrize("fault", [rate_limited(), Answer("no form", finish_reason="length")])
def test_every_passing_fault_counts(provider: Provider, model: Asking, fault: Script) -> None:
    _play(provider, model, *[fault] * 20)
    assert _is_open(provider, model)


@pytest.mark.parametrize(
    "fault",
    [invalid_api_key(), model_not_found(), invalid_request(), insufficient_quota(), refusal()],
)
def test_final_faults_do_not_count(provider: Provider, model: Asking, fault: Script) -> None:
    _play(provider, model, *[fault] * 25)
    assert not _is_open(provider, model)


def test_calls_that_are_stopped_from_here_do_not_count(provider: Provider, model: Asking) -> None:
    with provider.chat.hold() as gate:
        calls = [model.start() for _ in range(25)]
        gate.await_held(25)
        for call in calls:
            call.cancel()
        until(lambda: model.ledger.outcomes == ["stopped"] * 25)
    assert not _is_open(provider, model)
    # Nor do they make room for others.
    _play(provider, model, *[BAD] * 18)
    assert not _is_open(provider, model)


def test_while_it_is_open_it_tells_how_long(provider: Provider, model: Asking) -> None:
    _opened(provider, model)
    for passed in (0.0, 12.5, 29.9):
        model.clock.seconds = 1000.0 + passed
        told = model.ask()
        assert isinstance(told, CircuitOpen)
        assert told.retry_after == pytest.approx(30 - passed)
    assert len(provider.chat.calls) == 20


def test_three_trials_at_a_time_are_let_through(provider: Provider, model: Asking) -> None:
    _opened(provider, model)
    model.clock.seconds += 30
    with provider.chat.hold() as gate:
        trials = [model.start() for _ in range(3)]
        gate.await_held(3)
        assert _is_open(provider, model)
        gate.open()
        assert [comes_to(trial) for trial in trials] == ["{}"] * 3
    assert not _is_open(provider, model)
    # Closed, it begins anew.
    _play(provider, model, *[BAD] * 10)
    assert not _is_open(provider, model)


def test_trials_that_fail_open_it_again(provider: Provider, model: Asking) -> None:
    _opened(provider, model)
    model.clock.seconds += 30
    assert _play(provider, model, BAD, GOOD, BAD) == ["server_fault", "answered", "server_fault"]
    told = model.ask()
    assert isinstance(told, CircuitOpen)
    assert told.retry_after == 30
    model.clock.seconds += 30
    assert _play(provider, model, GOOD, BAD, GOOD) == ["answered", "server_fault", "answered"]
    assert not _is_open(provider, model)


def test_a_trial_that_is_stopped_makes_room_for_another(provider: Provider, model: Asking) -> None:
    _opened(provider, model)
    model.clock.seconds += 30
    with provider.chat.hold() as gate:
        stopped = [model.start() for _ in range(3)]
        gate.await_held(3)
        for trial in stopped:
            trial.cancel()
        until(lambda: model.ledger.outcomes[20:] == ["stopped"] * 3)
    assert _play(provider, model, GOOD, GOOD, GOOD) == ["answered"] * 3
    assert not _is_open(provider, model)


def test_each_model_has_its_own(provider: Provider, model: Asking) -> None:
    _opened(provider, model)
    with asking(provider.url, "model-two") as other:
        assert not _is_open(provider, other)
    assert _is_open(provider, model)
