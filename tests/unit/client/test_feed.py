"""A feed goes on at its last cursor, whatever its streams do."""

import threading
from itertools import islice
from typing import Any

import grpc
import pytest

from client.client import GradingClient
from client.errors import CallRefused, CursorInvalid, CursorTooOld, FeedEnded, FeedTimedOut
from client.resumption import Interruption, WatchLimits
from tests.unit.client.scripted_server import Refuse, ScriptedServer, Silence, fed, quiet
from vstep.grading.v1.grading_service_pb2 import WatchJobsRequest
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, SKILL_WRITING

LOST = Refuse(grpc.StatusCode.UNAVAILABLE, "lost")


def cursors(client: GradingClient, count: int, **options: Any) -> list[str]:
    return [cursor for _, cursor in islice(client.follow(**options), count)]


def opened(server: ScriptedServer) -> list[str]:
    return [request.cursor for request in server.requests]


def test_gives_each_event_with_its_cursor(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[fed("a"), fed("bb", JOB_STATE_COMPLETED), fed("ccc"), Silence()]]
    given = list(islice(client.follow(cursor="0"), 3))
    # An ended job is no end of the feed.
    assert [(event.sequence, cursor) for event, cursor in given] == [
        (1, "a"),
        (2, "bb"),
        (3, "ccc"),
    ]
    assert opened(server) == ["0"]


def test_asks_for_what_it_is_told_to(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[LOST], [fed("a"), Silence()]]
    options: dict[str, Any] = {
        "user_id": "u",
        "skill": SKILL_WRITING,
        "only_ends": True,
        "start_at_end": True,
    }
    assert cursors(client, 1, **options) == ["a"]
    assert server.requests == [WatchJobsRequest(**options)] * 2


@pytest.mark.parametrize(
    "fault",
    [
        LOST,
        Refuse(grpc.StatusCode.UNAVAILABLE, "old", "ERROR_REASON_STREAM_AGE_LIMIT", 0.01),
        Refuse(grpc.StatusCode.CANCELLED, "the server's end was torn down"),
        Refuse(grpc.StatusCode.DEADLINE_EXCEEDED, "a proxy's"),
    ],
    ids=["lost", "old", "cancelled", "deadline"],
)
def test_goes_on_at_the_last_cursor(
    server: ScriptedServer, client: GradingClient, fault: Refuse
) -> None:
    server.streams = [[fault], [fed("a"), fed("b"), fault], [fault], [fed("c"), Silence()]]
    seen: list[Interruption[str]] = []
    assert cursors(client, 3, on_interruption=seen.append) == ["a", "b", "c"]
    assert opened(server) == ["", "", "b", "b"]
    assert [interruption.place for interruption in seen] == ["", "b", "b"]


def test_goes_on_at_the_cursor_of_a_sign_of_life(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.streams = [[fed("a"), quiet("m"), LOST], [fed("z"), Silence()]]
    heard: list[str] = []
    assert cursors(client, 2, on_quiet=heard.append) == ["a", "z"]
    assert opened(server) == ["", "m"]
    assert heard == ["m"]


def test_goes_on_where_the_reader_stopped(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[fed("a"), fed("b"), Silence()], [fed("b"), Silence()]]
    feed = client.follow()
    assert [cursor for _, cursor in islice(feed, 1)] == ["a"]
    assert feed.cursor == "a"
    assert [cursor for _, cursor in islice(feed, 1)] == ["b"]
    assert opened(server) == ["", "a"]


def test_tears_down_a_silent_stream(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[fed("a"), Silence()], [fed("b"), Silence()]]
    assert cursors(client, 2, limits=WatchLimits(silence=0.2)) == ["a", "b"]
    assert opened(server) == ["", "a"]


def test_a_cursor_that_is_too_old_ends_it_with_the_oldest(
    server: ScriptedServer, client: GradingClient
) -> None:
    metadata = {"field": "cursor", "oldest_cursor": "old"}
    reason = "ERROR_REASON_CURSOR_TOO_OLD"
    purged = Refuse(grpc.StatusCode.OUT_OF_RANGE, "purged", reason, metadata=metadata)
    server.streams = [[fed("a"), LOST], [purged]]
    feed = iter(client.follow())
    assert next(feed)[1] == "a"
    with pytest.raises(CursorTooOld, match="purged") as caught:
        next(feed)
    assert caught.value.oldest_cursor == "old"
    assert caught.value.code is grpc.StatusCode.OUT_OF_RANGE


def test_a_made_up_cursor_ends_it(server: ScriptedServer, client: GradingClient) -> None:
    reason = "ERROR_REASON_CURSOR_INVALID"
    server.streams = [[Refuse(grpc.StatusCode.INVALID_ARGUMENT, "made up", reason)]]
    with pytest.raises(CursorInvalid, match="made up") as caught:
        cursors(client, 1, cursor="nonsense")
    assert caught.value.oldest_cursor == ""
    assert len(server.requests) == 1


def test_refuses_an_end(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[fed("a")]]
    with pytest.raises(FeedEnded, match="cursor a"):
        cursors(client, 2)


def test_gives_up_on_an_unreachable_service(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[LOST] for _ in range(20)]
    with pytest.raises(CallRefused, match="lost"):
        cursors(client, 1, limits=WatchLimits(unreachable=0.3))


def test_the_time_it_is_given_is_a_limit(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[fed("a"), Silence()]]
    with pytest.raises(FeedTimedOut) as caught:
        cursors(client, 2, limits=WatchLimits(overall=0.3))
    assert caught.value.cursor == "a"


def test_can_be_closed_from_another_thread(server: ScriptedServer, client: GradingClient) -> None:
    server.streams = [[fed("a"), Silence()]]
    feed = client.follow()
    timer = threading.Timer(0.1, feed.close)
    timer.start()
    assert [cursor for _, cursor in feed] == ["a"]
    timer.join()
