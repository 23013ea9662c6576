"""Handlers that take long, deliveries at the same time, and processes that end in between."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from acme import SECRET, Vendor
from hearing import callback, messenger, wrote
from webhooks.mounted import Handler

from groupmessenger import Client, Event, webhooks
from groupmessenger.plugins import load_observers
from groupmessenger.provider import hookimpl
from groupmessenger.webhooks import MemorySeen, Standing, asynchronous
from groupmessenger.webhooks.receiver import LEASE, Handle, Receiver, run

BODY = json.dumps([wrote()]).encode()


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(messenger(), http=Vendor().transport()) as opened:
        yield opened


@pytest.fixture
def impatient() -> Iterator[pytest.MonkeyPatch]:
    """The provider waits for a tenth of a second, until this is undone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asynchronous, "_OF_THE_TIME", 0.05)
        yield patch


class Caller:
    """Asks an ASGI application, and can leave it working; `status` is what was answered, None for nothing yet."""

    def __init__(self, app: webhooks.ASGIApp) -> None:
        self.app = app
        self.status: int | None = None
        self.answered = anyio.Event()
        self.leaves = False

    async def __call__(self) -> None:
        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": BODY, "more_body": False}

        async def send(message: object) -> None:
            assert isinstance(message, dict)
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.answered.set()
            if self.leaves:
                raise OSError("nobody is there")

        headers = [(b"host", b"x.example"), (b"x-acme-secret", SECRET.encode())]
        scope = {"type": "http", "method": "POST", "path": "/main", "raw_path": b"/main", "headers": headers}
        await self.app(scope, receive, send)


@pytest.mark.anyio
async def test_a_handler_that_takes_longer_than_the_provider_waits(
    client: Client, impatient: pytest.MonkeyPatch
) -> None:
    """The provider is asked to come again, and then finds it done: the handler is not interrupted."""
    goes_on = anyio.Event()
    handled: list[str] = []

    async def handle(event: Event) -> None:
        await goes_on.wait()
        handled.append(event.key)

    app = webhooks.asgi({"main": client}, handle)
    first, again, later = Caller(app), Caller(app), Caller(app)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first)
        await first.answered.wait()
        assert (503, []) == (first.status, handled)
        await again()
        assert (503, []) == (again.status, handled)  # in the first one's hands
        goes_on.set()
    impatient.undo()
    await later()
    assert (200, ["in/1"]) == (later.status, handled)


@pytest.mark.anyio
async def test_a_server_that_gives_up_lets_go_of_the_event(client: Client) -> None:
    """So that the next delivery need not wait for the end of the lease."""
    began = anyio.Event()
    handled: list[str] = []

    async def handle(event: Event) -> None:
        if not began.is_set():
            began.set()
            await anyio.sleep_forever()
        handled.append(event.key)

    app = webhooks.asgi({"main": client}, handle)
    first, again = Caller(app), Caller(app)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first)
        await began.wait()
        tasks.cancel_scope.cancel()
    await again()
    assert (None, 200, ["in/1"]) == (first.status, again.status, handled)


@pytest.mark.anyio
async def test_a_caller_that_leaves_before_the_answer_does_not_end_the_handler(
    client: Client, impatient: pytest.MonkeyPatch
) -> None:
    """What it began it ends, and that is kept."""
    goes_on = anyio.Event()
    handled: list[str] = []

    async def handle(event: Event) -> None:
        await goes_on.wait()
        handled.append(event.key)

    app = webhooks.asgi({"main": client}, handle)
    first, later = Caller(app), Caller(app)
    first.leaves = True
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first)
        await first.answered.wait()
        goes_on.set()
    impatient.undo()
    await later()
    assert (200, ["in/1"]) == (later.status, handled)


@pytest.mark.anyio
async def test_a_handler_that_blocks_does_not_block_the_loop(client: Client) -> None:
    goes_on = threading.Event()
    turns = 0
    app = webhooks.asgi({"main": client}, lambda event: goes_on.wait(10))
    caller = Caller(app)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(caller)
        while turns < 100:
            await anyio.lowlevel.checkpoint()
            turns += 1
        assert None is caller.status
        goes_on.set()
    assert 200 == caller.status


@pytest.mark.anyio
async def test_a_caller_that_leaves_is_not_answered(client: Client) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "POST", "path": "/main", "headers": []}
    await webhooks.asgi({"main": client}, Handler())(scope, receive, send)


def test_deliveries_at_the_same_time_are_handled_once(client: Client) -> None:
    """By one of them; the others are asked to come again, or find it done."""
    barrier = threading.Barrier(8)
    handler = Handler()
    receive = webhooks.plain({"main": client}, handler)

    def deliver(_: int) -> int:
        barrier.wait(10)
        return receive("main", callback(wrote())).status

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(deliver, range(8)))
    assert 1 == len(handler.events)
    assert 200 in statuses <= {200, 503}
    assert 200 == receive("main", callback(wrote())).status


@pytest.mark.parametrize("handled", [False, True], ids=["before it was handled", "before it was kept"])
def test_a_process_that_is_killed_leaves_the_event_to_the_next_delivery(client: Client, handled: bool) -> None:
    """Once its lease is over: handled at least once, and kept once."""
    now = 0.0
    seen = MemorySeen(clock=lambda: now)
    flow = Receiver({"main": client}, seen=seen).answer("main", callback(wrote()))
    effect = flow.send(None)
    while not isinstance(effect, Handle):
        effect = flow.send(effect.work())
    handler = Handler()
    if handled:
        handler(effect.event)
    seen.release = lambda key, owner: None  # type: ignore[method-assign]  # a killed process lets go of nothing
    flow.close()

    def deliver() -> int:
        return webhooks.plain({"main": client}, handler, seen=seen)("main", callback(wrote())).status

    assert (503, int(handled)) == (deliver(), len(handler.events))
    now = LEASE
    assert (200, 1 + handled) == (deliver(), len(handler.events))
    assert (200, 1 + handled) == (deliver(), len(handler.events))


def test_a_handler_whose_lease_is_over_keeps_its_event_all_the_same(client: Client) -> None:
    """What it did is done, whoever else has begun meanwhile."""
    now = 0.0
    seen = MemorySeen(clock=lambda: now)
    slow, quick = Receiver({"main": client}, seen=seen), Receiver({"main": client}, seen=seen)
    statuses: list[int] = []

    def in_time(effect: object) -> object:
        return None if isinstance(effect, Handle) else effect.work()  # type: ignore[attr-defined]

    def too_slow(effect: object) -> object:
        nonlocal now
        if isinstance(effect, Handle):
            now = LEASE
            statuses.append(run(quick.answer("main", callback(wrote())), in_time).status)
            return None
        return effect.work()  # type: ignore[attr-defined]

    statuses.append(run(slow.answer("main", callback(wrote())), too_slow).status)
    statuses.append(run(quick.answer("main", callback(wrote())), in_time).status)
    assert [200, 200, 200] == statuses


@pytest.mark.anyio
async def test_what_may_block_is_not_done_in_the_loop() -> None:
    """Observers, and a store that others share: claims, commits, and the release after a failure."""
    loop = threading.get_ident()
    inside: list[str] = []

    class Watching:
        @hookimpl
        def groupmessenger_on_event(self, event: Event) -> None:
            inside.append("observer" if threading.get_ident() == loop else "")

    class Shared:
        def __init__(self) -> None:
            self.kept = MemorySeen()

        def __getattr__(self, name: str) -> Any:
            inside.append(name if threading.get_ident() == loop else "")
            return getattr(self.kept, name)

    async def handle(event: Event) -> None:
        if len(inside) < 3:
            raise RuntimeError("not yet")

    with Client(messenger(), http=Vendor().transport(), observers=load_observers([Watching()])) as client:
        shared: Any = Shared()
        app = webhooks.asgi({"main": client}, handle, seen=CalledIn(shared))
        first, again = Caller(app), Caller(app)
        await first()
        await again()
    assert (503, 200) == (first.status, again.status)
    assert {""} == set(inside)


class CalledIn:
    """A store that looks each method up when it is called, in the thread where that is."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def claim(self, key: str, owner: str, lease: float) -> Standing:
        found: Standing = self._store.claim(key, owner, lease)
        return found

    def commit(self, key: str, owner: str) -> None:
        self._store.commit(key, owner)

    def release(self, key: str, owner: str) -> None:
        self._store.release(key, owner)

    def first(self, key: str, value: str, until: datetime | None) -> str:
        return str(self._store.first(key, value, until))


@pytest.mark.anyio
async def test_a_handler_that_cancels_itself_is_answered(client: Client, anyio_backend: str) -> None:
    """At once: it is for its next delivery."""
    if anyio_backend == "trio":
        return  # nobody can raise its Cancelled

    async def handle(event: Event) -> None:
        raise asyncio.CancelledError

    caller = Caller(webhooks.asgi({"main": client}, handle))
    with anyio.fail_after(1.0):
        await caller()
    assert 503 == caller.status


def test_a_handler_is_not_begun_twice_in_one_process(client: Client) -> None:
    """However long it takes: a lease is for those who may have died."""
    now = 0.0
    seen = MemorySeen(clock=lambda: now)
    receiver = Receiver({"main": client}, seen=seen)
    begun: list[int] = []

    def perform(effect: object) -> object:
        nonlocal now
        if isinstance(effect, Handle):
            begun.append(0)
            now += 2 * LEASE
            if len(begun) == 1:
                begun.append(run(receiver.answer("main", callback(wrote())), perform).status)
            return None
        return effect.work()  # type: ignore[attr-defined]

    assert 200 == run(receiver.answer("main", callback(wrote())), perform).status
    assert [0, 503] == begun


@pytest.mark.anyio
async def test_handlers_that_hang_do_not_take_the_applications_threads(client: Client) -> None:
    goes_on = threading.Event()
    app = webhooks.asgi({"main": client}, lambda event: goes_on.wait(20))
    tokens = anyio.to_thread.current_default_thread_limiter().borrowed_tokens
    caller = Caller(app)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(caller)
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        assert tokens == anyio.to_thread.current_default_thread_limiter().borrowed_tokens
        goes_on.set()
    assert 200 == caller.status


@pytest.mark.anyio
async def test_a_server_begins_and_ends(client: Client) -> None:
    """Lifespan events are taken, and a websocket is closed."""
    waiting = ["lifespan.startup", "lifespan.shutdown"]
    sent: list[str] = []

    async def receive() -> dict[str, object]:
        return {"type": waiting.pop(0)}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message["type"])

    app = webhooks.asgi({"main": client}, Handler())
    await app({"type": "lifespan"}, receive, send)
    assert ["lifespan.startup.complete", "lifespan.shutdown.complete"] == sent
    waiting.append("websocket.connect")
    await app({"type": "websocket"}, receive, send)
    assert "websocket.close" == sent[-1]
    with pytest.raises(ValueError, match="HTTP requests"):
        await app({"type": "other"}, receive, send)
