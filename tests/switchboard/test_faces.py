"""The two faces: the same operations with the same outcomes, blocking, on asyncio and on trio; no loop is blocked."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import anyio
import attrs
import pytest
from anyio.from_thread import start_blocking_portal
from switchboard.scenes import BEN, CAM, DAN, PEOPLE, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard.directory import Directory, Transaction

TEXT = "Dinner at seven?"
ASYNC_ONLY, BLOCKING_ONLY = {"aclose"}, {"close", "wsgi"}
BACKENDS = ("asyncio", "trio")
Do = Callable[..., Any]


@pytest.fixture(params=BACKENDS)
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def public(kind: type[Any]) -> dict[str, Any]:
    return {name: member for name, member in vars(kind).items() if not name.startswith("_") and callable(member)}


def asked(operation: Any) -> list[tuple[Any, ...]]:
    return [(each.name, each.kind, each.default) for each in inspect.signature(operation).parameters.values()]


def test_they_have_the_same_operations() -> None:
    blocking, asynchronous = public(gm.Switchboard), public(gm.AsyncSwitchboard)
    assert blocking.keys() - BLOCKING_ONLY == asynchronous.keys() - ASYNC_ONLY
    for name in blocking.keys() - BLOCKING_ONLY:
        assert asked(blocking[name]) == asked(asynchronous[name]), name
        assert inspect.iscoroutinefunction(asynchronous[name]) == (name != "asgi"), name


@contextmanager
def doing(scene: Scene, way: str, *names: str) -> Iterator[Do]:
    """Operations of a switchboard of one kind, by name."""
    if way == "blocking":
        board = scene.board(*names)
        yield lambda name, *args, **named: getattr(board, name)(*args, **named)
        return
    with start_blocking_portal(way) as portal:
        made = scene.board_async(*names)

        async def call(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
            return await getattr(made, name)(*args, **named)

        yield lambda name, *args, **named: portal.call(call, name, args, named)
        portal.call(made.aclose)


@pytest.mark.parametrize("way", ["blocking", *BACKENDS])
def test_they_do_the_same(scene: Scene, way: str) -> None:
    scene.listen()
    with doing(scene, way, "sendblue", "bandwidth") as do:
        assert "team" == do("create_group", "team", PEOPLE, prefer=["sendblue", "bandwidth"]).name
        assert "sendblue" == do("plan", "team", TEXT).connection
        receipt = do("send", "team", TEXT, key="k")
        assert (True, receipt.id) == ((again := do("send", "team", TEXT, key="k")).again, again.id)
        with pytest.raises(gm.KeyReused):
            do("send", "team", "Another", key="k")
        (thread,) = scene.threads(TEXT)
        scene.box.phones[BEN].send("Yes!", thread=thread)
        scene.box.clock.advance(30)
        told = [event for each in scene.callbacks("sendblue") for event in do("receive", "sendblue", each)]
        (event,) = [event for event in told if isinstance(event, gm.MessageReceived)]
        assert "team" == event.logical
        assert gm.Status.DELIVERED is do("delivery", "team", key="k").status
        assert "team" == do("reply", event, "Great").logical
        assert [True] == [plan.fits for plan in do("plan_switch", "bandwidth", ["team"])]
        assert "bandwidth" == do("switch", "team", "bandwidth").route
        do("add_members", "team", [DAN])
        do("suppress", CAM)
        with pytest.raises(gm.Suppressed):
            do("send", "team", "Hello")
        assert [CAM] == [str(each.address) for each in do("opt_outs")]
        do("remove_members", "team", [CAM])
        do("rename", "team", "crew")
        scene.strike("bandwidth", "drop", phase="after")
        with pytest.raises(gm.OutcomeUnknown):
            do("send", "crew", "Hello")
        scene.later()
        assert ["unknown"] == [each.state for each in do("settle")]
        assert ["sent", "sent", "unknown"] == [entry.state for entry in do("history", "crew")]
        assert do("group", "crew") == do("find_group", [*PEOPLE[:2], DAN]) == do("groups")[0]
        assert isinstance(do("forks", "crew"), tuple)
        assert do("archive", "crew").archived_at
        assert [] == [group.name for group in do("groups")]
    assert once() == scene.shown(TEXT) == scene.shown("Great")
    assert once(*PEOPLE[:2], DAN) == scene.shown("Hello")


@attrs.define
class Slow:
    """A directory whose database answers after a while."""

    directory: Directory
    seconds: float
    threads: set[int] = attrs.field(factory=set)

    def do(self, work: Callable[[Transaction], Any]) -> Any:
        self.threads.add(threading.get_ident())
        time.sleep(self.seconds)
        return self.directory.do(work)


@pytest.mark.anyio
async def test_a_slow_directory_blocks_no_loop(scene: Scene) -> None:
    async with scene.board_async("sendblue") as board:
        await board.create_group("team", PEOPLE)
        slow = Slow(board.operations.board.directory, 0.1)
        board.operations.board = attrs.evolve(board.operations.board, directory=cast("Directory", slow))
        gaps: list[float] = []

        async def tick() -> None:
            while True:
                before = time.monotonic()
                await anyio.sleep(0.005)
                gaps.append(time.monotonic() - before)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tick)
            await board.send("team", TEXT)
            await board.settle()
            tasks.cancel_scope.cancel()
    assert threading.get_ident() not in slow.threads
    assert len(gaps) > 50, "it stood still"
    assert once() == scene.shown(TEXT)


@pytest.mark.anyio
async def test_tasks_share_one(either: Scene) -> None:
    async with either.board_async("bandwidth", own={"bandwidth": {"patience": 30}}) as board:
        await board.create_group("team", PEOPLE)
        receipts: list[Any] = []

        async def send(number: int) -> None:
            receipts.append(await board.send("team", f"Number {number % 3}", key=f"k{number % 3}"))

        async with anyio.create_task_group() as tasks:
            for number in range(9):
                tasks.start_soon(send, number)
    assert [once()] * 3 == [either.shown(f"Number {number}") for number in range(3)]
    assert (3, 3) == (len({receipt.id for receipt in receipts}), sum(not receipt.again for receipt in receipts))


@pytest.mark.anyio
async def test_a_send_that_is_cancelled_is_settled(either: Scene) -> None:
    """Nobody knows whether it went out; when its lease is over it is looked for, and sent once."""
    either.strike("sendblue", "delay", seconds=0.3, phase="after")
    async with either.board_async("sendblue", own={"sendblue": {"timeout": 20}}) as board:
        await board.create_group("team", PEOPLE)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(board.send, "team", TEXT, "k")
            while not either.asked():  # noqa: ASYNC110 - the sandbox has no event for it
                await anyio.sleep(0.005)
            tasks.cancel_scope.cancel()
        assert ["sending"] == [entry.state for entry in await board.history("team")]
        either.later()
        assert (await board.send("team", TEXT, key="k")).again
    assert once() == either.shown(TEXT)


def test_a_closed_one_refuses_to_work(scene: Scene) -> None:
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    board.close()
    with pytest.raises(gm.ConfigurationError, match="this switchboard is closed: make another"):
        board.send("team", TEXT)
    assert [] == scene.box.log


@pytest.mark.anyio
async def test_a_closed_asynchronous_one_refuses_to_work(scene: Scene) -> None:
    async with scene.board_async("sendblue") as board:
        await board.create_group("team", PEOPLE)
    with pytest.raises(gm.ConfigurationError, match="this switchboard is closed: make another"):
        await board.send("team", TEXT)
    assert [] == scene.box.log
