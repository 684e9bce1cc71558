"""Calls on behalf of runs: how many at once, and that none is forgotten."""

from tests.stack.provider.server import Provider
from tests.stack.waiting import until
from tests.unit.provider.asking import asking, comes_to


def test_no_more_calls_are_in_flight_than_the_setting_says(provider: Provider) -> None:
    with asking(provider.url, openai_max_in_flight=3) as model:
        with provider.chat.hold() as gate:
            calls = [model.start() for _ in range(10)]
            gate.await_held(3)
            gate.open()
            assert [comes_to(call) for call in calls] == ["{}"] * 10
        assert provider.chat.most_in_flight == 3
        assert len(provider.chat.calls) == 10


def test_a_call_that_is_stopped_while_it_waits_is_never_made(provider: Provider) -> None:
    with asking(provider.url, openai_max_in_flight=1) as model:
        with provider.chat.hold() as gate:
            first, second = model.start(), model.start()
            gate.await_held(1)
            second.cancel()
            gate.open()
            assert comes_to(first) == "{}"
        assert model.ask() == "{}"
        assert len(provider.chat.calls) == 2


def test_an_answer_is_written_down_though_its_run_is_stopped_meanwhile(provider: Provider) -> None:
    with asking(provider.url) as model:
        model.ledger.open.clear()
        call = model.start()
        assert model.ledger.recording.wait(10)
        call.cancel()
        model.ledger.open.set()
        until(lambda: model.ledger.outcomes == ["answered"])
