"""A worker: it sends what is queued as long as its block lasts, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio import to_thread
from switchboard.databases import ON_POSTGRESQL
from switchboard.outbox.hands import lane, queue, states, teamed, texts
from switchboard.scenes import PEOPLE, REFUSALS, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.provider import hookimpl
from groupmessenger.switchboard import OutboxStats
from groupmessenger.switchboard.outbox import worker as working
from groupmessenger.switchboard.outbox.worker import Worker

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def until(true: Callable[[], bool]) -> None:
    """Wait for something, some seconds at most."""
    with anyio.fail_after(15):
        while not await to_thread.run_sync(true):  # noqa: ASYNC110 - no event tells
            await anyio.sleep(0.02)


def over(board: gm.Switchboard) -> Callable[[], bool]:
    return lambda: not board.outbox.stats().remaining


@asynccontextmanager
async def at_work(scene: Scene, **own: Any) -> AsyncIterator[Worker]:
    """A worker with a switchboard of its own."""
    async with scene.board_async("sendblue", own={"sendblue": {"patience": 0}}) as board, board.worker(**own) as worker:
        yield worker


def left(board: gm.Switchboard) -> None:
    """Nobody is at work any more, and nothing is anybody's."""
    assert () == board.outbox.stats().workers
    assert (None, None) == (lane(board).owner, lane(board).lease_until)


async def test_it_sends_what_is_queued_before_and_meanwhile(either: Scene) -> None:
    board = teamed(either)
    board.create_group("pair", PEOPLE[:2])
    queue(board, "One", "Two")
    async with at_work(either) as worker:
        await until(over(board))
        (known,) = board.outbox.stats().workers
        assert worker.id == known.id
        queue(board, "Three", "Four", group="pair")
        await until(over(board))
    assert {"sent": 4} == dict(worker.counts)
    assert (["One", "Two"], once(*PEOPLE[:2])) == (texts(either)[:2], either.shown("Four"))
    left(board)


async def test_it_knows_at_once_of_what_its_own_program_queues(either: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """However seldom it looks."""
    monkeypatch.setattr(working, "POLL", 600.0)
    teamed(either)
    async with either.board_async("sendblue") as board, board.worker():
        await anyio.sleep(0.2)
        begun = time.monotonic()
        await board.enqueue("team", "One")
        await until(lambda: bool(either.shown("One")))
    assert time.monotonic() - begun < 10


async def test_what_is_under_way_is_brought_to_its_end(either: Scene) -> None:
    """And nothing more is begun."""
    board = teamed(either)
    queue(board, "One", "Two")
    either.box.fault("delay", provider="sendblue", operation="send_group", seconds=0.5)
    async with at_work(either) as worker:
        await until(lambda: states(board)["One"] == "sending" and bool(either.asked()))
    assert ({"sent": 1}, {"One": "sent", "Two": "queued"}) == (dict(worker.counts), states(board))
    left(board)


async def test_what_does_not_end_is_left_to_the_next(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for when its lease is over."""
    monkeypatch.setattr(working, "GRACE", 0.1)
    board = teamed(scene)
    queue(board, "One")
    scene.box.fault("delay", provider="sendblue", operation="send_group", seconds=1.0)
    async with at_work(scene):
        await until(lambda: states(board)["One"] == "sending" and bool(scene.asked()))
    assert {"One": "sending"} == states(board)
    left(board)
    await until(lambda: once() == scene.shown("One"))  # or the clock would be put past what is under way
    scene.later()
    async with at_work(scene):
        await until(lambda: states(board)["One"] == "sent")
    assert once() == scene.shown("One")


async def test_an_error_in_the_block_arrives_as_it_is(scene: Scene) -> None:
    """In no group of errors."""
    board = teamed(scene)
    error = KeyError("mine")
    with pytest.raises(KeyError) as caught:
        async with at_work(scene):
            raise error
    assert error is caught.value
    left(board) if board.outbox.entries() else None


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_a_task_that_is_cancelled_stops_it(either: Scene) -> None:
    board = teamed(either)
    queue(board, "One")
    either.box.fault("delay", provider="sendblue", operation="send_group", seconds=0.4)

    async def work() -> None:
        async with at_work(either):
            await anyio.sleep_forever()

    task = asyncio.create_task(work())
    await until(lambda: bool(either.asked()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not board.outbox.stats().workers)
    left(board)
    either.later()
    async with at_work(either):
        await until(lambda: states(board)["One"] == "sent")
    assert once() == either.shown("One")


async def test_a_scope_that_is_cancelled_stops_it(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "One")
    with anyio.move_on_after(0.5) as scope:
        async with at_work(scene):
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    left(board)


async def test_it_goes_on_when_the_directory_is_there_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(working, "_AFTER_FAILURE", 0.1)
    board = teamed(scene)
    queue(board, "One")
    async with at_work(scene) as worker:
        real = worker.board.directory.do
        away = iter(range(3))

        def do(work: Any) -> Any:
            if next(away, None) is not None:
                raise gm.DirectoryError("the database is away")
            return real(work)

        monkeypatch.setattr(worker.board.directory, "do", do)
        await until(over(board))
    assert once() == scene.shown("One")
    assert "the database is away" in caplog.text


async def test_a_group_that_cannot_be_drained_holds_up_no_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As with a bug of ours: it is said in the log, and its lane is free."""
    monkeypatch.setattr(working, "_AFTER_FAILURE", 0.1)
    board = teamed(scene)
    board.create_group("pair", PEOPLE[:2])
    queue(board, "One")
    queue(board, "Two", group="pair")
    team = board.group("team").id
    async with at_work(scene) as worker:
        real = worker._draining._next

        def broken(t: Any, group_id: int, *more: Any) -> Any:
            if group_id == team:
                raise ZeroDivisionError
            return real(t, group_id, *more)

        monkeypatch.setattr(type(worker._draining), "_next", lambda _, *given: broken(*given))
        await until(lambda: worker.counts["broken"] > 0 and states(board, "pair") == {"Two": "sent"})
    assert {"One": "queued"} == states(board)
    assert "ZeroDivisionError" in caplog.text
    left(board)


class Watching:
    """An observer."""

    def __init__(self) -> None:
        self.seen: list[OutboxStats] = []

    @hookimpl
    def groupmessenger_on_outbox(self, stats: OutboxStats) -> None:
        self.seen.append(stats)


async def test_observers_see_how_it_stands(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "_BEAT", 0.1)
    watching = Watching()
    board = teamed(scene)
    queue(board, "One", "Two")
    scene.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    with scene.board("sendblue", plugins=(watching,)) as observed:
        working_one = working.worker_of(observed.operations, in_thread(observed), 2)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(working_one.run)
            await until(lambda: any(each.outcomes.get("sent") for each in watching.seen))
            working_one.stop()
    last = watching.seen[-1]
    assert ({"failed": 1, "sent": 1}, {"failed": 1, "sent": 1}) == (dict(last.counts), dict(last.outcomes))
    assert [working_one.id] == [each.id for each in last.workers]


def in_thread(board: gm.Switchboard) -> Callable[..., Awaitable[Any]]:
    async def run(flow: Any) -> Any:
        return await to_thread.run_sync(board._run, flow)

    return run


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, "2", None])
async def test_a_concurrency_that_cannot_be_is_refused(scene: Scene, concurrency: Any) -> None:
    async with scene.board_async("sendblue") as board:
        with pytest.raises(gm.InvalidInput, match="concurrency"):
            board.worker(concurrency=concurrency)


@ON_POSTGRESQL
async def test_a_job_wakes_it_at_once(either: Scene, monkeypatch: pytest.MonkeyPatch, anyio_backend: str) -> None:
    """On trio there are no jobs, and it looks by itself."""
    monkeypatch.setattr(working, "POLL", 600.0 if anyio_backend == "asyncio" else 0.2)
    board = teamed(either)
    async with at_work(either) as worker:
        await anyio.sleep(1.0)
        queue(board, "One")
        await until(over(board))
    assert {"sent": 1} == dict(worker.counts)
    left(board)
