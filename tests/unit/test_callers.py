"""What the server knows of its callers: asked for seldom, believed for a while, together."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from grading.domain.caller import DEFAULT_TENANT, Caller, Scope
from grading.store.credentials import Credential, Token, find_credentials, note_used
from server.callers import Callers
from server.exceptions import StoreUnavailable, Unauthenticated

CACHE, GRACE = 5.0, 60.0
NOW = datetime.now(UTC)


def _credential(key: str, certificate: str | None = None) -> Credential:
    token = replace(Token.new(), id=key)
    return Credential(
        id=key,
        caller=Caller("app", DEFAULT_TENANT, frozenset({Scope.READ})),
        secret_hash=None if certificate else token.secret_hash,
        certificate=certificate,
        created_at=NOW,
        expires_at=None,
        revoked_at=None,
        last_used_at=None,
    )


class _Store:
    """Answers as the database would, or doesn't."""

    def __init__(self, *credentials: Credential) -> None:
        self.credentials = list(credentials)
        self.asked: list[tuple[Sequence[str], Sequence[str]]] = []
        self.noted: list[str] = []
        self.down = False
        self.fault: Exception | None = None

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        await asyncio.sleep(0)
        if self.down:
            raise OperationalError("SELECT", {}, Exception())
        if self.fault is not None:
            raise self.fault
        if function is note_used:
            self.noted += args[0]
            return None
        assert function is find_credentials
        self.asked.append(args)
        ids, names = args
        return [one for one in self.credentials if one.id in ids or one.certificate in names]


class _Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _callers(store: _Store, clock: _Time) -> Callers:
    return Callers(store, CACHE, GRACE, clock=clock)  # type: ignore[arg-type]


async def test_a_credential_is_asked_for_again_when_what_is_known_is_old() -> None:
    store, clock = _Store(_credential("a")), _Time()
    callers = _callers(store, clock)
    for clock.now in (0, 1, CACHE - 0.1):
        assert await callers.find("a") == store.credentials[0]
    assert len(store.asked) == 1
    store.credentials[0] = replace(store.credentials[0], revoked_at=NOW)
    clock.now = CACHE
    found = await callers.find("a")
    assert found is not None
    assert found.revoked_at == NOW


async def test_who_asks_at_the_same_time_shares_a_statement() -> None:
    store = _Store(_credential("a"), _credential("b"))
    callers = _callers(store, _Time())
    keys = ("a", "b", "a", "unknown", *(f"made-up-{number}" for number in range(500)))
    found = await asyncio.gather(*map(callers.find, keys))
    assert [one and one.id for one in found] == ["a", "b", "a", *[None] * 501]
    assert len(store.asked) <= 2


async def test_who_is_unknown_is_asked_for_each_time_and_not_kept() -> None:
    store = _Store()
    callers = _callers(store, _Time())
    assert await callers.find("a") is None
    store.credentials.append(_credential("a"))  # a token that was just made is good at once
    assert await callers.find("a") is not None
    assert len(callers._known) == 1


async def test_of_a_certificates_names_the_first_that_is_known_counts() -> None:
    store = _Store(_credential("a", "second.test"), _credential("b", "third.test"))
    callers = _callers(store, _Time())
    found = await callers.find(("first.test", "second.test", "third.test"))
    assert found is not None
    assert found.id == "a"
    assert await callers.find(("first.test",)) is None


async def test_one_that_leaves_takes_no_other_with_it() -> None:
    store = _Store(_credential("a"))
    callers = _callers(store, _Time())
    leaving, staying = (asyncio.create_task(callers.find("a")) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying is not None


async def test_while_the_database_is_down_those_who_are_known_go_on_for_a_while() -> None:
    store, clock = _Store(_credential("a")), _Time()
    callers = _callers(store, clock)
    await callers.find("a")
    store.down = True
    clock.now = GRACE - 0.1
    assert await callers.find("a") is not None
    with pytest.raises(StoreUnavailable):
        await callers.find("b")
    clock.now = GRACE
    with pytest.raises(StoreUnavailable):
        await callers.find("a")
    store.down = False
    clock.now += 2
    assert await callers.find("a") is not None
    assert await callers.find("b") is None


async def test_those_who_are_known_do_not_wait_each_time_for_a_database_that_is_down() -> None:
    store, clock = _Store(_credential("a")), _Time()
    callers = _callers(store, clock)
    await callers.find("a")
    store.down, clock.now = True, CACHE
    await callers.find("a")
    store.down = False
    clock.now += 0.5
    await callers.find("a")
    assert len(store.asked) == 1  # it was left alone
    clock.now += 1
    await callers.find("a")
    assert len(store.asked) == 2


async def test_a_fault_is_everybodys_who_asked_and_nobody_waits_for_ever() -> None:
    store = _Store(_credential("a"))
    callers = _callers(store, _Time())
    store.fault = ValueError("a row that can't be read")
    faults = await asyncio.gather(*map(callers.find, "ab"), return_exceptions=True)
    assert faults == [store.fault] * 2
    store.fault = None
    assert await callers.find("a") is not None


async def test_use_is_noted_seldom_and_streams_are_looked_after() -> None:
    store, clock = _Store(_credential("a")), _Time()
    callers = Callers(store, 0.01, GRACE, note_seconds=0.02)  # type: ignore[arg-type]
    ended: list[Exception] = []

    async def serve() -> None:
        async def quiet() -> Any:
            await asyncio.Event().wait()
            yield

        with callers.following("a") as guard:
            try:
                async for _ in guard.follow(quiet()):
                    pass
            except Unauthenticated as error:
                ended.append(error)

    found = await callers.find("a")
    assert found is not None
    callers.used(found)
    running = asyncio.create_task(callers.run())
    stream = asyncio.create_task(serve())
    async with asyncio.timeout(10):
        while not store.noted:
            await asyncio.sleep(0.01)
    assert store.noted == ["a"]
    assert not stream.done()
    store.credentials.clear()
    async with asyncio.timeout(10):
        await stream
    assert len(ended) == 1
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert clock.now == 0
