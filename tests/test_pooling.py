"""The ways of a transport: which is taken, which is closed, and that none is kept whose request broke off."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from raw_server import OK, Connection, RawServer

from groupmessenger.errors import ConfigurationError
from groupmessenger.flow import Request, Response
from groupmessenger.pooling import Pool
from groupmessenger.transport import AsyncTransport, Transport

SEND = Request("POST", "/send", json={"text": "hush"})


class Made:
    """Stands for a way."""

    closed = False
    send: Any = None
    build: Any = None
    close: Any = None
    aclose: Any = None


class Maker:
    """Makes ways that do nothing."""

    def __init__(self, shared: Made | None = None, theirs: bool = False) -> None:
        self.shared = shared
        self.theirs = theirs

    def shared_way(self) -> Made | None:
        return self.shared

    def new_way(self) -> Made:
        return Made()

    def new_stranger(self) -> Made:
        return Made()


def serve(connection: Connection) -> None:
    while connection.read_request():
        connection.write(OK)


def test_the_way_used_last_comes_first() -> None:
    pool = Pool(Maker(), 5)
    first, second = pool.take(), pool.take()
    assert first is not second
    assert [] == pool.give_back(first, sound=True)
    assert [] == pool.give_back(second, sound=True)
    assert (second, first) == (pool.take(), pool.take())


def test_a_way_that_broke_off_is_closed_and_not_taken_again() -> None:
    pool = Pool(Maker(), 5)
    way = pool.take()
    assert [way] == pool.give_back(way, sound=False)
    assert way is not pool.take()


def test_all_that_idled_for_too_long_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a burst they do not stay until as many requests have come."""
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    pool = Pool(Maker(), 5)
    ways = [pool.take() for _ in range(20)]
    assert [] == [over for way in ways for over in pool.give_back(way, sound=True)]
    now += 5
    assert [] == pool.give_back(pool.take(), sound=True)
    now += 1
    last = pool.take()
    assert ways[:19] == pool.give_back(last, sound=True)
    assert ways[19] is last is pool.take()


@pytest.mark.parametrize("theirs", [False, True])
def test_what_is_shared_is_closed_once_and_a_callers_client_never(theirs: bool) -> None:
    shared = Made()
    pool = Pool(Maker(shared, theirs), 5)
    stranger = pool.take(elsewhere=True)
    assert shared is pool.take()
    assert [] == pool.give_back(shared, sound=False)
    assert ([stranger] if theirs else [shared, stranger]) == pool.end()
    assert [] == pool.end()


def test_a_way_that_comes_back_after_the_end_is_closed_again() -> None:
    """Its request may have made a connection meanwhile."""
    pool = Pool(Maker(), 5)
    idle, busy = pool.take(), pool.take()
    pool.give_back(idle, sound=True)
    assert {idle, busy} == set(pool.end())
    assert [busy] == pool.give_back(busy, sound=True)
    assert [] == pool.end()
    with pytest.raises(ConfigurationError, match="the client is closed"):
        pool.take()


class Interrupted(BaseException):
    """What a signal's handler raises, as KeyboardInterrupt."""


def test_a_signal_in_the_middle_of_httpx_does_not_hold_up_what_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may leave httpx's pool thinking that its one connection is still at work."""
    handle = httpx.HTTPTransport.handle_request

    def interrupted(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        handle(self, request)
        raise Interrupted

    with RawServer(serve) as server:
        transport = Transport(server.url, timeout=1)
        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", interrupted)
        with pytest.raises(Interrupted):
            transport(SEND)
        monkeypatch.undo()
        assert 200 == transport(SEND).status
        transport.close()
    assert 2 == len(server.connections)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelled_requests_leave_no_connection(backend: str) -> None:
    def end_of(connection: Connection) -> None:
        connection.read_request()
        arrived.release()
        if connection.read() == b"":
            closed.release()

    arrived, closed = threading.Semaphore(0), threading.Semaphore(0)

    async def main(url: str) -> None:
        transport = AsyncTransport(url, timeout=5)
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(transport, SEND)
            for _ in range(20):
                assert await anyio.to_thread.run_sync(arrived.acquire, True, 5)
            tasks.cancel_scope.cancel()
        for _ in range(20):
            assert await anyio.to_thread.run_sync(closed.acquire, True, 5)
        await transport.aclose()

    with RawServer(end_of) as server:
        anyio.run(main, server.url, backend=backend)
    assert 20 == len(server.connections)


def test_threads_share_a_transport() -> None:
    answers: list[Response] = []
    with RawServer(serve) as server:
        transport = Transport(server.url, timeout=5)
        threads = [
            threading.Thread(target=lambda: answers.extend(transport(SEND) for _ in range(10))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        transport.close()
    assert 80 == len(answers)
    assert len(server.connections) <= 8
