"""A watch gives each event once and in order, whatever its streams do."""

import threading
import time
from typing import Any

import grpc
import pytest

from client.client import GradingClient
from client.errors import CallRefused, EventMissing, StreamEndedEarly, WatchTimedOut
from client.resumption import Interruption, WatchLimits
from tests.unit.client.scripted_server import (
    JOB_ID,
    Refuse,
    ScriptedServer,
    Silence,
    event,
    heartbeat,
    last,
)
from vstep.grading.v1.job_pb2 import JOB_STATE_REVIEW_REQUIRED

LOST = Refuse(grpc.StatusCode.UNAVAILABLE, "lost")


def sequences(client: GradingClient, **options: Any) -> list[int]:
    return [item.sequence for item in client.watch(JOB_ID, **options)]


def test_gives_all_events_and_ends_with_the_job(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.streams = [[event(1), heartbeat(1), event(2), last(3)]]
    assert sequences(client) == [1, 2, 3]
    assert server.cursors == [0]


def test_ends_when_the_job_had_ended_at_the_cursor(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.streams = [[]]
    assert sequences(client, after_sequence=3) == []


def test_ends_when_the_job_had_ended_where_the_stream_was_lost(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.streams = [[event(1), LOST], []]
    assert sequences(client) == [1]


def test_ends_at_review_where_asked_to(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[event(1), event(2, JOB_STATE_REVIEW_REQUIRED)]]
    assert sequences(client, end_at_review=True) == [1, 2]
    assert server.requests[0].end_at_review


@pytest.mark.parametrize("broken_after", [0, 1, 2])
@pytest.mark.parametrize(
    "fault",
    [
        LOST,
        Refuse(grpc.StatusCode.CANCELLED, "the server's end was torn down"),
        Refuse(grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2"),
        Refuse(grpc.StatusCode.UNKNOWN, "Stream removed"),
        Refuse(grpc.StatusCode.DEADLINE_EXCEEDED, "a proxy's"),
    ],
    ids=lambda fault: fault.code.name,
)
def test_resumes_at_the_last_event(
    server: ScriptedServer, client: GradingClient, fault: Refuse, broken_after: int
) -> None:
    events = [event(1), event(2), last(3)]
    server.streams = [[*events[:broken_after], fault], events[broken_after:]]
    assert sequences(client) == [1, 2, 3]
    assert server.cursors == [0, broken_after]


def test_resumes_again_and_again(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[event(n), LOST] for n in range(1, 6)]
    server.streams.append([last(6)])
    assert sequences(client) == [1, 2, 3, 4, 5, 6]
    assert server.cursors == [0, 1, 2, 3, 4, 5]


def test_survives_a_server_that_is_replaced() -> None:
    with ScriptedServer() as one, ScriptedServer() as other:
        one.streams = [[event(1), Silence()]]
        other.streams = [[event(1), Silence()]]
        with GradingClient(f"ipv4:{one.address},{other.address}") as client:
            events = iter(client.watch(JOB_ID))
            assert next(events).sequence == 1
            first, second = (one, other) if one.cursors else (other, one)
            second.streams = [[last(2)]]
            first.__exit__(None, None, None)
            assert [item.sequence for item in events] == [2]
    assert second.cursors == [1]


def test_waits_as_long_as_the_service_asks(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [
        [Refuse(grpc.StatusCode.UNAVAILABLE, "draining", "ERROR_REASON_DRAINING", 0.4)],
        [last(1)],
    ]
    seen: list[Interruption[int]] = []
    began = time.monotonic()
    assert sequences(client, on_interruption=seen.append) == [1]
    assert time.monotonic() - began >= 0.4
    assert seen[0].delay >= 0.4
    assert seen[0].cause.reason == "ERROR_REASON_DRAINING"


def test_drops_what_it_has_already(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[event(1), event(1), event(2), LOST], [event(1), event(2), last(3)]]
    assert sequences(client) == [1, 2, 3]


@pytest.mark.parametrize("after", [heartbeat(3), event(3)], ids=["heartbeat", "event"])
def test_refuses_a_gap(server: ScriptedServer, client: GradingClient, after: Any) -> None:
    server.streams = [[event(1), after]]
    with pytest.raises(EventMissing) as caught:
        sequences(client)
    assert (caught.value.expected, caught.value.received) == (2, 3)


def test_refuses_an_end_before_the_last_event(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.streams = [[event(1)]]
    with pytest.raises(StreamEndedEarly):
        sequences(client)


def test_tears_down_a_silent_stream(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[event(1), Silence()], [heartbeat(1), last(2)]]
    seen: list[Interruption[int]] = []
    limits = WatchLimits(silence=0.2)
    assert sequences(client, limits=limits, on_interruption=seen.append) == [1, 2]
    assert server.cursors == [0, 1]
    assert seen[0].cause.message == "nothing was heard from the service for 0.2 s"


def test_a_slow_reader_is_not_silence(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[event(1), event(2), last(3)]]
    got = []
    for item in client.watch(JOB_ID, limits=WatchLimits(silence=0.1)):
        time.sleep(0.2)
        got.append(item.sequence)
    assert got == [1, 2, 3]
    assert server.cursors == [0]


def test_a_refusal_for_good_is_raised(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [
        [Refuse(grpc.StatusCode.NOT_FOUND, "no such job", "ERROR_REASON_JOB_NOT_FOUND")]
    ]
    with pytest.raises(CallRefused, match="no such job"):
        sequences(client)


def test_the_services_own_fault_is_raised(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[Refuse(grpc.StatusCode.INTERNAL, "fault", "ERROR_REASON_INTERNAL")]]
    with pytest.raises(CallRefused, match="fault"):
        sequences(client)


def test_gives_up_on_an_unreachable_service(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[LOST] for _ in range(20)]
    with pytest.raises(CallRefused, match="lost"):
        sequences(client, limits=WatchLimits(unreachable=0.3))


@pytest.mark.parametrize("end", [Silence(), LOST], ids=["waiting", "reconnecting"])
def test_the_time_it_is_given_is_a_limit(
    server: ScriptedServer, client: GradingClient, end: Any
) -> None:
    server.streams = [[event(1), end], *([end] for _ in range(20))]
    with pytest.raises(WatchTimedOut) as caught:
        sequences(client, limits=WatchLimits(overall=0.3))
    assert caught.value.last_sequence == 1


def test_can_be_closed_from_another_thread(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[event(1), Silence()]]
    watch = client.watch(JOB_ID)
    timer = threading.Timer(0.1, watch.close)
    timer.start()
    assert [item.sequence for item in watch] == [1]
    timer.join()


def test_goes_on_where_the_reader_stopped(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[event(1), event(2), Silence()], [event(2), last(3)]]
    watch = client.watch(JOB_ID)
    for item in watch:
        assert item.sequence == 1
        break
    assert [item.sequence for item in watch] == [2, 3]
    assert server.cursors == [0, 1]
